#include <pthread.h>
#include <stdio.h>

#include "_cgo_export.h"
#include "c.h"

static int over;
static long calls;
static pthread_t threads[64];
static int n_threads;

static void call(int n) {
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (goWorks(n) != 1)
		printf("thread: wrong result of %d\n", n);
}

static void *ends_soon(void *arg) {
	for (int i = 0; i < 1 + (long)arg % 3; i++)
		call((long)arg + i);
	return NULL;
}

static void *stays(void *arg) {
	for (int n = (long)arg; !__atomic_load_n(&over, __ATOMIC_RELAXED); n++)
		call(n & 0xfffff);
	return NULL;
}

/* Makes threads that end. */
static void *makes(void *arg) {
	for (long n = (long)arg; !__atomic_load_n(&over, __ATOMIC_RELAXED); n++) {
		pthread_t t[4];
		for (int i = 0; i < 4; i++)
			if (pthread_create(&t[i], NULL, ends_soon, (void *)(n * 7 + i)) != 0)
				abort();
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	return NULL;
}

void stress_begins(int n) {
	n_threads = n;
	for (long i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, i % 4 == 0 ? makes : stays, (void *)(i * 1000)) != 0)
			abort();
}

long stress_ends(void) {
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	fflush(stdout);
	return calls;
}

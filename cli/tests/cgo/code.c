#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "code.h"

int add(int a, int b) { return a + b; }

int fails(void) {
	errno = ENOENT;
	return -1;
}

int length(const char *text) { return strlen(text); }

int calls_back(int n) { return goTwice(n) + 1; }

int deep(int n) { return goDeep(n); }

void lets_panic(void) { goPanics(); }

void lets_exit(void) { goExits(); }

struct task {
	pthread_t thread;
	int calls, sum;
};

static void *run(void *arg) {
	struct task *t = arg;
	for (int i = 0; i < t->calls; i++)
		t->sum += goTwice(i);
	return NULL;
}

int from_threads(int threads, int calls) {
	struct task *t = calloc(threads, sizeof *t);
	int sum = 0;
	for (int i = 0; i < threads; i++) {
		t[i].calls = calls;
		if (pthread_create(&t[i].thread, NULL, run, &t[i]) != 0)
			abort();
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(t[i].thread, NULL);
		sum += t[i].sum;
	}
	free(t);
	return sum;
}

int variable(void) { return getenv("GORT_SEEN_BY_C") != NULL; }

static void *fault(void *arg) {
	*(volatile int *)arg = 1;
	return NULL;
}

void thread_faults(void) {
	pthread_t thread;
	if (pthread_create(&thread, NULL, fault, NULL) == 0)
		pthread_join(thread, NULL);
}

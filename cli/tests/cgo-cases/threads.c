#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "c.h"

static void start(pthread_t *thread, void *(*f)(void *), void *arg, long stack) {
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	if (stack != 0 && pthread_attr_setstacksize(&attr, stack) != 0)
		abort();
	if (pthread_create(thread, &attr, f, arg) != 0)
		abort();
	pthread_attr_destroy(&attr);
}

static void *calls_once(void *arg) {
	goNothing();
	return NULL;
}

void short_threads(int n) {
	for (int i = 0; i < n; i++) {
		pthread_t thread;
		start(&thread, calls_once, NULL, 64 << 10);
		pthread_join(thread, NULL);
	}
}

static int vanished;

static void *vanishes(void *arg) {
	goNothing();
	__atomic_fetch_add(&vanished, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return NULL;
}

void vanishing_threads(int n) {
	for (int i = 0; i < n; i++) {
		pthread_t thread;
		start(&thread, vanishes, NULL, 64 << 10);
		pthread_detach(thread);
		while (__atomic_load_n(&vanished, __ATOMIC_SEQ_CST) <= i)
			usleep(10);
	}
}

void exit_thread(void) { pthread_exit((void *)7); }

static void *exits(void *arg) {
	goCallsExit();
	return NULL;
}

void exiting_threads(int n) {
	for (int i = 0; i < n; i++) {
		pthread_t thread;
		void *result = NULL;
		start(&thread, exits, NULL, 0);
		pthread_join(thread, &result);
		if (result != (void *)7)
			abort();
	}
}

static pthread_barrier_t all;
static int met;

static void *meets(void *arg) {
	pthread_barrier_wait(&all);
	goMeets();
	__atomic_fetch_add(&met, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

int threads_at_once(int n) {
	pthread_t *threads = calloc(n, sizeof *threads);
	met = 0;
	pthread_barrier_init(&all, NULL, n);
	for (int i = 0; i < n; i++)
		start(&threads[i], meets, NULL, 64 << 10);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&all);
	free(threads);
	return met;
}

static pthread_key_t early, late;
static int callbacks;

static void at_end(void *arg) {
	goNothing();
	callbacks++;
}

static void *leaves_keys(void *arg) {
	pthread_setspecific(early, &early);
	goNothing();
	callbacks++;
	pthread_setspecific(late, &late);
	return NULL;
}

int late_callbacks(void) {
	pthread_t thread;
	callbacks = 0;
	pthread_key_create(&early, at_end);
	pthread_key_create(&late, at_end);
	start(&thread, leaves_keys, NULL, 0);
	pthread_join(thread, NULL);
	pthread_key_delete(early);
	pthread_key_delete(late);
	return callbacks;
}

static void *calls_deep(void *arg) {
	*(int *)arg = goDown(5, 2);
	return NULL;
}

int small_stack(long size) {
	pthread_t thread;
	int result = -1;
	start(&thread, calls_deep, &result, size);
	pthread_join(thread, NULL);
	return result;
}

/* Go is called on a stack that the C library does not know. */
static ucontext_t thread_context, other_context;
static int rounds;

static void other(void) {
	for (;;) {
		rounds += goDown(6, 0) == 0;
		swapcontext(&other_context, &thread_context);
	}
}

static void *switches(void *arg) {
	size_t size = 256 << 10;
	char *stack = malloc(size);
	getcontext(&other_context);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = size;
	makecontext(&other_context, other, 0);
	rounds = 0;
	for (int i = 0; i < 5; i++) {
		swapcontext(&thread_context, &other_context);
		rounds += goDown(0, 3) == 3;
	}
	free(stack);
	return NULL;
}

int coroutine(void) {
	pthread_t thread;
	start(&thread, switches, NULL, 0);
	pthread_join(thread, NULL);
	return rounds;
}

static __thread int local = 10;
__thread int array[1000];

struct count {
	pthread_t thread;
	int n, sum;
};

static void *counts(void *arg) {
	struct count *c = arg;
	for (int i = 0; i < c->n; i++) {
		array[i % 1000]++;
		goNothing();
		local++;
	}
	c->sum = local - 10;
	for (int i = 0; i < 1000; i++)
		c->sum += array[i];
	return NULL;
}

int thread_local_sum(int threads, int n) {
	struct count *c = calloc(threads, sizeof *c);
	int sum = 0;
	for (int i = 0; i < threads; i++) {
		c[i].n = n;
		start(&c[i].thread, counts, &c[i], 0);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(c[i].thread, NULL);
		sum += c[i].sum;
	}
	free(c);
	return sum;
}

int own_local(void) { return ++local; }

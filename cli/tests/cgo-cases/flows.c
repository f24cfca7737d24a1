#include <errno.h>
#include <pthread.h>

#include "_cgo_export.h"
#include "c.h"

int down(int kind, int depth) { return goDown(kind, depth); }

struct task {
	int kind, depth, result;
};

static void *run(void *arg) {
	struct task *t = arg;
	t->result = goDown(t->kind, t->depth);
	return NULL;
}

int on_thread(int kind, int depth) {
	struct task t = {kind, depth, 0};
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, &t) != 0)
		abort();
	pthread_join(thread, NULL);
	return t.result;
}

int repeat(int kind, int n) {
	int sum = 0;
	for (int i = 0; i < n; i++)
		sum += goDown(kind, 1);
	return sum;
}

static void *checks_errno(void *arg) {
	int *result = arg;
	errno = ENOTTY;
	goNothing();
	*result = errno;
	return NULL;
}

/* errno after a callback, on a thread of Go and at the first callback of one of C. */
void keep_errno(int *before, int *after) {
	checks_errno(before);
	pthread_t thread;
	if (pthread_create(&thread, NULL, checks_errno, after) != 0)
		abort();
	pthread_join(thread, NULL);
}

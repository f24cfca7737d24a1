#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "c.h"

static int on(void *(*f)(void *), void *arg) {
	pthread_t thread;
	int result = 0;
	if (arg == NULL)
		arg = &result;
	if (pthread_create(&thread, NULL, f, arg) != 0)
		abort();
	pthread_join(thread, NULL);
	return *(int *)arg;
}

static void *blocks(void *arg) {
	int *kind = arg;
	sigset_t all, now;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &all);
	int same = 1;
	for (int i = 0; i < 3; i++) {
		if (goDown(*kind, i) != i)
			same = 0;
		pthread_sigmask(SIG_SETMASK, NULL, &now);
		same = same && memcmp(&now, &all, 8) == 0;
	}
	/* Another mask between two callbacks. */
	sigdelset(&all, SIGUSR1);
	sigdelset(&all, SIGURG);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (goDown(*kind, 1) != 1)
		same = 0;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	*kind = same && memcmp(&now, &all, 8) == 0;
	return NULL;
}

int blocked_signals(int kind) { return on(blocks, &kind); }

#define SIZE (64 << 10)

static int is(stack_t *want) {
	stack_t now;
	sigaltstack(NULL, &now);
	return now.ss_flags == want->ss_flags && now.ss_sp == want->ss_sp && now.ss_size == want->ss_size;
}

static void *own(void *arg) {
	stack_t stack = {.ss_sp = malloc(SIZE), .ss_size = SIZE};
	sigaltstack(&stack, NULL);
	int same = 1;
	for (int i = 0; i < 3; i++) {
		same = same && goDown(7, i) == i;
		same = same && is(&stack);
	}
	*(int *)arg = same;
	return NULL;
}

/* A thread that had an alternate stack before its first callback finds it after each. */
int own_signal_stack(void) { return on(own, NULL); }

static pthread_key_t at_end;
static stack_t late;
static int kept;

static void look(void *arg) {
	/* The thread has given its M back, and this stack has stayed. */
	kept = is(&late);
}

static void *sets_late(void *arg) {
	goNothing();
	late = (stack_t){.ss_sp = malloc(SIZE), .ss_size = SIZE};
	sigaltstack(&late, NULL);
	int same = 1;
	for (int i = 0; i < 3; i++) {
		same = same && goDown(7, i) == i;
		same = same && is(&late);
	}
	*(int *)arg = same;
	pthread_setspecific(at_end, arg);
	return NULL;
}

int late_signal_stack(void) {
	pthread_key_create(&at_end, look);
	int same = on(sets_late, NULL);
	pthread_key_delete(at_end);
	return same && kept;
}

static volatile int early, after;

static void count_early(int sig, siginfo_t *info, void *context) { early++; }

static sigjmp_buf back;
static volatile int faulted;

static void on_fault(int sig, siginfo_t *info, void *context) {
	faulted++;
	siglongjmp(back, 1);
}

__attribute__((constructor)) static void before_go(void) {
	struct sigaction a = {.sa_sigaction = count_early, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &a, NULL);
	if (getenv("FAULTS_OF_C") != NULL) {
		a.sa_sigaction = on_fault;
		sigaction(SIGSEGV, &a, NULL);
	}
}

static void *kills(void *arg) {
	*(int *)arg = pthread_kill(pthread_self(), *(int *)arg);
	return NULL;
}

/* On a thread of C. */
int sends(int sig) { return on(kills, &sig); }

int handled_early(void) { return early; }

static void count_late(int sig) { after++; }

int handled_late(void) {
	struct sigaction a = {.sa_handler = count_late, .sa_flags = SA_ONSTACK};
	sigaction(SIGWINCH, &a, NULL);
	for (int i = 0; i < 50; i++) {
		kill(getpid(), SIGWINCH);
		goDown(6, 1);
	}
	return after == 50;
}

void fault(void) { *(volatile int *)8 = 1; }

int fault_handled(void) {
	if (getenv("FAULTS_OF_C") == NULL)
		return 0;
	if (sigsetjmp(back, 1) == 0)
		fault();
	return faulted;
}

static int called;

static void calls(int sig) {
	goNothing();
	called = 1;
}

static void *interrupted(void *arg) {
	stack_t stack = {.ss_sp = malloc(SIZE), .ss_size = SIZE};
	sigaltstack(&stack, NULL);
	struct sigaction a = {.sa_handler = calls, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR2, &a, NULL);
	raise(SIGUSR2);
	*(int *)arg = called;
	return NULL;
}

int on_signal_stack(void) { return on(interrupted, NULL); }

void burn(int ms) {
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

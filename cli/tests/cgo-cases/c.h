#include <stdlib.h>

/* flows.c */
int down(int kind, int depth);
int on_thread(int kind, int depth);
int repeat(int kind, int n);
void keep_errno(int *before, int *after);

/* threads.c */
void short_threads(int n);
void vanishing_threads(int n);
void exiting_threads(int n);
void exit_thread(void);
int threads_at_once(int n);
int late_callbacks(void);
int small_stack(long size);
int coroutine(void);
int thread_local_sum(int threads, int n);
int own_local(void);

/* methods.c */
int adds(int n);
int twice(int n);

/* stress.c */
void stress_begins(int threads);
long stress_ends(void);

/* signals.c */
int blocked_signals(int kind);
int own_signal_stack(void);
int late_signal_stack(void);
int sends(int sig);
int handled_early(void);
int handled_late(void);
int fault_handled(void);
void fault(void);
void burn(int ms);
int on_signal_stack(void);

/* process.c */
int forks(void);
int runs(const char *command);
int sets_ids(void);
const char *variable(const char *name);
int loads(void);
void ends(int status);

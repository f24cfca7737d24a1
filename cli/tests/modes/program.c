/*
 * A program of C that has Go code linked to it, or loads it: program [LIBRARY...] arguments.
 * -DLOADED: by dlopen. -DTWO: a second library is there. -DCONSTRUCTOR: Go is called before main.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*callback)(int);

#ifdef LOADED
#include <dlfcn.h>
static char *(*FirstReport)(void);
static int (*FirstSum)(int), (*FirstCall)(callback, int), (*FirstFault)(void), (*FirstSpin)(void);
static void (*FirstDie)(int);
#ifdef TWO
static int (*SecondCount)(int);
#endif

static void *load(const char *file) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(3);
    }
    return library;
}
#else
extern char *FirstReport(void);
extern int FirstSum(int), FirstCall(callback, int), FirstFault(void), FirstSpin(void);
extern void FirstDie(int);
#ifdef TWO
extern int SecondCount(int);
#endif
#endif

#ifdef CONSTRUCTOR
static int before;
__attribute__((constructor(101))) static void early(void) { before = FirstSum(5); }
#endif

static int deeper(int n) { return n == 0 ? 40 : FirstCall(deeper, n - 1); }

static void *calls(void *unused) {
    for (int i = 0; i < 200; i++) {
        if (FirstSum(10) != 45) abort();
#ifdef TWO
        if (SecondCount(10) != 45) abort();
#endif
    }
    return unused;
}

static volatile sig_atomic_t faults;
static void count_fault(int number) {
    faults++;
    _exit(faults == 1 && number == SIGSEGV ? 9 : 10);
}

int main(int argc, char **argv) {
    const char *what = argv[argc - 1];
    if (strcmp(what, "kept") == 0) signal(SIGSEGV, count_fault);
#ifdef LOADED
    setenv("GORT_SET", "by C", 1);
    void *library = load(argv[1]);
    *(void **)&FirstReport = dlsym(library, "FirstReport");
    *(void **)&FirstSum = dlsym(library, "FirstSum");
    *(void **)&FirstCall = dlsym(library, "FirstCall");
    *(void **)&FirstFault = dlsym(library, "FirstFault");
    *(void **)&FirstSpin = dlsym(library, "FirstSpin");
    *(void **)&FirstDie = dlsym(library, "FirstDie");
#ifdef TWO
    library = load(argv[2]);
    *(void **)&SecondCount = dlsym(library, "SecondCount");
#endif
#endif
    if (strcmp(what, "panic") == 0) FirstDie(0);
    if (strcmp(what, "exit") == 0) FirstDie(7);
    if (strcmp(what, "fault") == 0 || strcmp(what, "kept") == 0) *(volatile int *)0 = 1;
    if (strcmp(what, "handled") == 0) {
        signal(SIGSEGV, count_fault);
        *(volatile int *)0 = 1;
    }
#ifdef CONSTRUCTOR
    printf("constructor %d\n", before);
#endif
    printf("%s\n", FirstReport());
    printf("sum %d\n", FirstSum(100));
    printf("deeper %d\n", deeper(20));
    printf("fault %d\n", FirstFault());
    printf("spin %d\n", FirstSpin());
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, calls, NULL);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
#ifdef TWO
    printf("second %d\n", SecondCount(20));
#endif
    printf("done\n");
    return 0;
}

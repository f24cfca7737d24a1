// What goes wrong in C; cli/tests/cgo_errors.rs builds and runs it.
package main

/*
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern int goAnswers(void);

static volatile int *nowhere;

static void fault(void) { *nowhere = 1; }

static void caught(int signal) {
	static const char words[] = "C has caught it\n";
	write(1, words, sizeof words - 1);
	_exit(7);
}

// Before the runtime begins, if the program is to be about that.
__attribute__((constructor)) static void handle(int argc, char **argv) {
	if (argc > 1 && argv[1][0] == 'h') {
		struct sigaction action = {.sa_handler = caught, .sa_flags = SA_ONSTACK};
		sigaction(SIGSEGV, &action, NULL);
	}
}

static void *asks(void *answer) {
	*(int *)answer = goAnswers();
	return NULL;
}

// Calls Go on a thread with as little stack as one may have.
static int small(void) {
	pthread_attr_t attributes;
	pthread_t thread;
	int answer = 0;
	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) != 0)
		return -1;
	if (pthread_create(&thread, &attributes, asks, &answer) != 0)
		return -2;
	pthread_join(thread, NULL);
	return answer;
}
*/
import "C"

import (
	"fmt"
	"os"
	"strings"
)

//export goAnswers
func goAnswers() C.int {
	return C.int(len(fmt.Sprint(strings.Repeat("x", 42))))
}

func main() {
	switch os.Args[1] {
	case "fault", "handled":
		C.fault()
	case "abort":
		C.abort()
	case "exit":
		C.exit(5)
	case "small":
		fmt.Println("small stack", C.small())
	}
}

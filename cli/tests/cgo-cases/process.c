#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "c.h"

int forks(void) {
	pid_t pid = fork();
	if (pid == 0)
		_exit(7);
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int runs(const char *command) {
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The C library has each thread of the process make these calls, by a signal of its own. */
int sets_ids(void) {
	uid_t u = getuid();
	gid_t g = getgid();
	return setgid(g) == 0 && setegid(g) == 0 && setregid(g, g) == 0 && setresgid(g, g, g) == 0 &&
		setuid(u) == 0 && seteuid(u) == 0 && setreuid(u, u) == 0 && setresuid(u, u, u) == 0;
}

const char *variable(const char *name) {
	const char *value = getenv(name);
	return value != NULL ? value : "(none)";
}

int loads(void) {
	void *library = dlopen("libm.so.6", RTLD_NOW);
	if (library == NULL)
		return -1;
	double (*f)(double) = (double (*)(double))dlsym(library, "floor");
	int result = f == NULL ? -2 : (int)f(42.5);
	dlclose(library);
	return result;
}

static void last(void) { printf("last\n"); }

void ends(int status) {
	atexit(last);
	printf("buffered\n");
	exit(status);
}

#include "_cgo_export.h"
#include "c.h"

int adds(int n) {
	GoInt32 sum = 10;
	numberAdd((void *)&sum, n, "one");
	return numberAdd((void *)&sum, n, "three");
}

int twice(int n) { return numberTwice(n); }

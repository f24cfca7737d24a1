// Limits and variables of the environment with values that nobody means: what the program sees of them is what Go 1.5 makes of them.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

func child(env []string, args ...string) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	text := string(out)
	if i := strings.Index(text, "\n\n"); i >= 0 {
		// The traceback, if any is shown.
		text = text[:i] + " ..."
	}
	fmt.Println(env, args, strings.Replace(text, "\n", " | ", -1), err)
}

func main() {
	if len(os.Args) > 1 {
		var n int
		if len(os.Args) > 2 {
			fmt.Sscan(os.Args[2], &n)
		}
		switch os.Args[1] {
		case "threads":
			debug.SetMaxThreads(n)
			println(debug.SetMaxThreads(10000))
		case "stack":
			debug.SetMaxStack(n)
			println(debug.SetMaxStack(1 << 28))
		case "percent":
			debug.SetGCPercent(n)
			println(debug.SetGCPercent(100))
		case "procs":
			runtime.GOMAXPROCS(n)
			println(runtime.GOMAXPROCS(0))
		case "settings":
			println(runtime.GOMAXPROCS(0), debug.SetGCPercent(100), runtime.MemProfileRate)
		case "panic":
			panic("end")
		}
		return
	}
	for _, n := range []string{"-1", "0", "1", "-2147483648", "2147483648", "4294967296", "2147483647", "-2147483649"} {
		child([]string{"GOGC=50"}, "threads", n)
		child([]string{"GOGC=50"}, "stack", n)
		child([]string{"GOGC=50"}, "percent", n)
	}
	for _, n := range []string{"-1", "1", "255", "256", "257", "2147483648", "4294967297"} {
		child([]string{"GOMAXPROCS=2"}, "procs", n)
	}
	numbers := []string{"", "x", "0", "00", "-1", "+1", " 1", "1", "1x", "3e3", "0x10", "257", "2147483648", "4294967297", "18446744073709551617",
		"99999999999999999999"}
	for _, n := range numbers {
		child([]string{"GOMAXPROCS=2", "GOGC=" + n}, "settings")
		child([]string{"GOMAXPROCS=2", "GODEBUG=memprofilerate=" + n}, "settings")
		child([]string{"GOTRACEBACK=" + n}, "panic")
		// No number: as many as there are processors.
		if n != "" && '1' <= n[0] && n[0] <= '9' {
			child([]string{"GOMAXPROCS=" + n}, "settings")
		}
	}
	for _, list := range []string{"=", ",", "memprofilerate", "memprofilerate=", "=7", "memprofilerate==7", ",memprofilerate=7,", " memprofilerate=7",
		"memprofilerate =7", "MEMPROFILERATE=7", "memprofilerate=7,memprofilerate=8", "unknown=1,memprofilerate=7=8"} {
		child([]string{"GOMAXPROCS=2", "GODEBUG=" + list}, "settings")
	}
	for _, level := range []string{"none", "single", "all", "system", "CRASH", "crashes"} {
		child([]string{"GOTRACEBACK=" + level}, "panic")
	}
}

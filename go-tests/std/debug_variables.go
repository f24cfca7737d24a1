// Variables of the environment that the runtime documents: what each does to a program that collects a few times.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
)

var sink [100][]byte

// The child: allocates 64 MiB in all, on two goroutines, and collects.
func work() {
	var all sync.WaitGroup
	for n := 0; n < 2; n++ {
		all.Add(1)
		go func(n int) {
			for i := 0; i < 2048; i++ {
				sink[50*n+i%50] = make([]byte, 16<<10)
			}
			all.Done()
		}(n)
	}
	all.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent := debug.SetGCPercent(100)
	fmt.Println("collected", m.NumGC > 0, "GOGC", percent, "GOMAXPROCS", runtime.GOMAXPROCS(0), "rate", runtime.MemProfileRate)
	runtime.GC()
}

// A second child: after much recursion, is its stack still large when it has collected?
func shrink() {
	var m runtime.MemStats
	deep(1 << 14)
	for i := 0; i < 12; i++ {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	fmt.Println("large stack", m.StackInuse > 2<<20)
}

func deep(n int) (sum int) {
	var a [64]int
	if n > 0 {
		a[n%64] = deep(n - 1)
	}
	return a[n%64] + n
}

// What the child prints: its line, and the forms of the other lines.
func run(variables string) {
	what := "work"
	if strings.Contains(variables, "shrink") {
		what = "shrink"
	}
	child := exec.Command(os.Args[0], what)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GO") {
			child.Env = append(child.Env, v)
		}
	}
	// The first of two counts.
	child.Env = append(child.Env, variables, "GOMAXPROCS=2")
	out, err := child.CombinedOutput()
	fmt.Println(variables)
	if err != nil {
		fmt.Println("\t", err)
	}
	seen := map[string]bool{}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		form := line
		for _, f := range forms {
			if f.pattern.MatchString(line) {
				form = f.name
			}
		}
		if form != "" && !seen[form] {
			seen[form] = true
			lines = append(lines, form)
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println("\t" + line)
	}
}

type form struct {
	pattern *regexp.Regexp
	name    string
}

const float = `[-+][0-9]\.[0-9]{6}e[-+][0-9]{3}`
const number = `[0-9.]+(?:e[-+][0-9]+)?`

var forms = []form{
	{regexp.MustCompile(`^gc [0-9]+ @` + number + `s [0-9]+%: ` + number + `(\+` + number + `){4} ms clock, ` + number + `(\+` + number + `){3,6}(/` + number + `){2}(\+` + number + `)+ ms cpu, [0-9]+->[0-9]+->[0-9]+ MB, [0-9]+ MB goal, 2 P( \(forced\))?(, [0-9]+ stalls ` + number + ` ms, longest ` + number + ` ms)?$`), "a line for each collection"},
	{regexp.MustCompile(`^pacer: assist ratio=` + float + ` \(scan [0-9]+ MB in [0-9]+->[0-9]+ MB\) workers=0\+1$`), "what the pacer plans"},
	{regexp.MustCompile(`^pacer: H_m_prev=[0-9]+ h_t=` + float + ` H_T=[0-9]+ h_a=` + float + ` H_a=[0-9]+ h_g=\+1.000000e\+000 H_g=[0-9]+ u_a=` + float + ` u_g=\+2.500000e-001 W_a=[0-9]+ goalΔ=` + float + ` actualΔ=` + float + ` u_a/u_g=` + float + `$`), "what came of it"},
	// When memory goes back to the system is another matter.
	{regexp.MustCompile(`^scvg[0-9]+: .*|^GC forced$`), ""},
}

func main() {
	if len(os.Args) > 1 {
		if os.Args[1] == "work" {
			work()
		} else {
			shrink()
		}
		return
	}
	run("NONE=1")
	run("GOGC=off")
	run("GOGC=50")
	run("GOGC=nonsense")
	run("GOGC=70%")
	run("GOMAXPROCS=1")
	run("GODEBUG=memprofilerate=7")
	run("GODEBUG=memprofilerate=0")
	run("GODEBUG=gctrace=1")
	run("GODEBUG=gcstoptheworld=1")
	run("GODEBUG=gcstoptheworld=2")
	run("GODEBUG=gccheckmark=1")
	run("GODEBUG=gcshrinkstackoff=1")
	run("GODEBUG=gcshrinkstackoff=0")
	run("GODEBUG=gcpacertrace=1")
	run("GODEBUG=gcstackbarrieroff=1")
	run("GODEBUG=gcstackbarrierall=1")
	run("GODEBUG=scavenge=1")
	run("GODEBUG=unknown=1,memprofilerate=9,,=,x")
}

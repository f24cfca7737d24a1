// Contend measures what goroutines pay that want the same thing at once: a channel, a lock, a counter, the allocator, the
// scheduler. One call measures one row of the table in rows.go:
//
//	contend -row Mutex -load 2 -work long
//
// Every row runs for a fixed time and counts what its goroutines got done. It prints, for one operation: the time between two
// of them (time), the processor time of the whole process (cpu), how long one took (p50, p99, max); and the smallest share of a
// goroutine as a part of the largest (share). Each checks in the end that nothing was lost, and exits with status 1 if it was.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// Rounds of spin in an operation. The long ones take about a microsecond, on any runtime the same instructions.
const (
	shortWork = 3
	longWork  = 700
)

func main() {
	name := flag.String("row", "", "row to measure")
	list := flag.Bool("list", false, "print the rows and what each is varied over")
	load := flag.Int("load", 1, "goroutines for each P")
	buffer := flag.Int("buffer", 0, "elements that a channel holds")
	work := flag.String("work", "short", "what an operation does beside: short (a few ns) or long (about 1 us)")
	window := flag.Duration("for", 200*time.Millisecond, "how long to measure, after a tenth of it for warming up")
	flag.Parse()
	if *list {
		for _, row := range rows {
			fmt.Println(row.name, row.over)
		}
		return
	}
	if flag.NArg() > 0 || *load < 1 || *buffer < 0 || *window <= 0 || *work != "short" && *work != "long" {
		refuse("the arguments are not of the form that -help shows")
	}
	r := &run{
		n:      *load * runtime.GOMAXPROCS(0),
		buffer: *buffer,
		rounds: shortWork,
		window: *window,
		gate:   make(chan struct{}),
	}
	if *work == "long" {
		r.rounds = longWork
	}
	for _, row := range rows {
		if row.name == *name {
			row.measure(r)
			r.report()
			return
		}
	}
	refuse("there is no row " + *name + "; -list shows them")
}

func refuse(why string) {
	fmt.Fprintln(os.Stderr, "contend:", why)
	os.Exit(2)
}

// fail ends a row whose result is wrong.
func fail(format string, args ...interface{}) {
	fmt.Printf("wrong result: "+format+"\n", args...)
	os.Exit(1)
}

// must ends a row that the system does not let run.
func must(err error) {
	if err != nil {
		fmt.Println("cannot run it:", err)
		os.Exit(1)
	}
}

// equal fails unless what came out is what went in.
func equal(what string, got, want int64) {
	if got != want {
		fail("%s: %d, not %d", what, got, want)
	}
}

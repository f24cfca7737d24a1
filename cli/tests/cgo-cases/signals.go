package main

// #include "c.h"
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func init() {
	// A fault in a callback of a thread that blocks all signals; and its mask afterwards.
	cases["blocked-signals"] = func() {
		for _, kind := range []C.int{recovers, caught} {
			fmt.Println(C.blocked_signals(kind))
		}
	}
	cases["signal-stacks"] = func() { fmt.Println(C.own_signal_stack(), C.late_signal_stack()) }
	cases["callback-on-signal-stack"] = func() { fmt.Println(C.on_signal_stack()) }
	// Handlers that C has installed before the runtime, and after.
	cases["handlers"] = func() {
		fmt.Println(C.sends(C.int(syscall.SIGUSR1)), C.handled_early())
		fmt.Println(C.handled_late())
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		fmt.Println(C.sends(C.int(syscall.SIGUSR1)))
		fmt.Println(<-c, C.handled_early())
		// To a thread of C.
		fmt.Println(C.fault_handled())
		// A fault of Go code is not C's.
		try("nil", func() {
			var p *int
			*p = 1
		})
	}
	cases["fault"] = func() { C.fault() }
	// The program's signal, not the runtime's.
	cases["notified"] = func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR2)
		fmt.Println(C.sends(C.int(syscall.SIGUSR2)))
		select {
		case s := <-c:
			fmt.Println(s)
		case <-time.After(5 * time.Second):
			fmt.Println("lost")
		}
	}
}

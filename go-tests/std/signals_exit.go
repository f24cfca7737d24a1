// os/signal, os.Exit from a goroutine with deferred calls left alone, and what the exit status becomes.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	defer fmt.Println("deferred calls do not run at os.Exit")
	c := make(chan os.Signal, 5)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGHUP)
	p, _ := os.FindProcess(os.Getpid())
	p.Signal(syscall.SIGUSR1)
	fmt.Println(<-c)
	p.Signal(syscall.SIGHUP)
	fmt.Println(<-c)
	signal.Stop(c)
	signal.Ignore(syscall.SIGHUP)
	p.Signal(syscall.SIGHUP)
	fmt.Println("still here")
	go os.Exit(3)
	select {}
}

// Timers need no descriptors: a program that has slept may close all that it did not open, and use package net after that.
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// open tells which descriptors from 3 on are open.
func open() (fds []int) {
	for fd := 3; fd < 100; fd++ {
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); errno == 0 {
			fds = append(fds, fd)
		}
	}
	return fds
}

func main() {
	before := open()
	fired := make(chan bool, 1)
	time.AfterFunc(20*time.Millisecond, func() { fired <- true })
	time.Sleep(5 * time.Millisecond)
	<-fired
	fmt.Println("descriptors of timers:", len(open())-len(before))
	// What a daemon does.
	for fd := 3; fd < 100; fd++ {
		syscall.Close(fd)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			fmt.Fprint(c, "through the poller")
			c.Close()
		}
	}()
	c, err := l.Accept()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	fmt.Println(string(b[:n]), err)
	l.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Millisecond))
	_, err = l.Accept()
	fmt.Println(err.(net.Error).Timeout())
}

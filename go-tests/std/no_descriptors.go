// A process that has no descriptors left: timers go on, opening fails with Go's error, and two are enough for the network.
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

func main() {
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 20, Max: 20})
	var files []*os.File
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			fmt.Println(err)
			break
		}
		files = append(files, f)
	}
	time.Sleep(5 * time.Millisecond)
	select {
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timers go on")
	}
	_, err := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(err)
	files[0].Close()
	files[1].Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(err)
	l.Close()
}

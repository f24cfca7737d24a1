// What a program does in the Error method of an uncaught panic's value works as it does elsewhere: logging, files, the network, locks, sleeping, children, and all of it beside goroutines
// that never stop. Each way is a process of its own.
package main

import (
	"errors"
	"fmt"
	"io/ioutil"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

type value struct{}

var (
	way string
	mu  sync.Mutex
)

func (value) Error() string {
	switch way {
	case "log":
		log.SetFlags(0)
		log.Print("logged")
	case "file":
		f, err := ioutil.TempFile("", "dying")
		if err != nil {
			return err.Error()
		}
		defer os.Remove(f.Name())
		fmt.Fprint(f, "through a file")
		f.Close()
		b, err := ioutil.ReadFile(f.Name())
		return string(b)
	case "network":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err.Error()
		}
		go func() {
			c, err := l.Accept()
			if err == nil {
				fmt.Fprint(c, "through a connection")
				c.Close()
			}
		}()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err.Error()
		}
		b, err := ioutil.ReadAll(c)
		return string(b)
	case "sleep":
		time.Sleep(5 * time.Millisecond)
	case "system call":
		t := syscall.Timespec{Nsec: 1000000}
		syscall.Nanosleep(&t, nil)
	case "lock":
		mu.Lock()
		defer mu.Unlock()
		return "locked"
	case "timer":
		select {
		case <-time.After(time.Millisecond):
			return "timed out"
		case <-make(chan int):
		}
	case "child":
		b, err := exec.Command("/bin/echo", "from a child").Output()
		return fmt.Sprintf("%q %v", b, err)
	case "exit":
		os.Exit(7)
	case "formatted":
		return fmt.Sprintf("%v", (*broken)(nil))
	case "second panic":
		panic(errors.New("second"))
	}
	return "text"
}

type broken struct{ text string }

func (b *broken) String() string { return b.text + "!" }

func spin() {
	var s [][]byte
	for {
		s = append(s, make([]byte, 100))
		if len(s) > 1000 {
			s = nil
		}
	}
}

func loop() {
	for {
	}
}

func die(busy string) {
	switch busy {
	case "allocating":
		for i := 0; i < 4; i++ {
			go spin()
		}
		time.Sleep(5 * time.Millisecond)
	case "looping":
		go loop()
		time.Sleep(time.Millisecond)
	}
	if way == "lock" {
		mu.Lock()
		go func() {
			time.Sleep(5 * time.Millisecond)
			mu.Unlock()
		}()
	}
	panic(value{})
}

func main() {
	if len(os.Args) == 3 {
		way = os.Args[1]
		die(os.Args[2])
	}
	for _, busy := range []string{"alone", "allocating", "looping"} {
		fmt.Println(busy)
		for _, way := range []string{"log", "file", "network", "sleep", "system call", "lock", "timer", "child", "exit", "formatted", "second panic"} {
			child := exec.Command(os.Args[0], way, busy)
			out, err := child.CombinedOutput()
			text := string(out)
			if end := strings.Index(text, "\n\ngoroutine "); end >= 0 {
				text = text[:end]
			}
			fmt.Printf("  %s: %q, %v\n", way, text, err)
		}
	}
}

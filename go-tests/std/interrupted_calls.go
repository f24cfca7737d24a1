// System calls that fail with EINTR when a signal comes, whatever its handler says, never do because the runtime stops goroutines by signals: the program
// runs itself with as many of those as there can be. Blocking reads and writes, and processes, go on undisturbed.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

var sink [16]int

// Some time in a loop without calls, so that signals are on their way when the system call begins.
func spin(id int) {
	n := id
	for i := 0; i < 20000; i++ {
		n = n*31 + i
	}
	sink[id] += n
}

func sleeps(id int) error {
	for i := 0; i < 300; i++ {
		spin(id)
		ts := syscall.NsecToTimespec(100000)
		if err := syscall.Nanosleep(&ts, nil); err != nil {
			return fmt.Errorf("nanosleep: %v", err)
		}
	}
	return nil
}

func selects(id int) error {
	for i := 0; i < 300; i++ {
		spin(id)
		tv := syscall.NsecToTimeval(100000)
		if _, err := syscall.Select(0, nil, nil, nil, &tv); err != nil {
			return fmt.Errorf("select: %v", err)
		}
	}
	return nil
}

func polls(id int) error {
	epfd, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	defer syscall.Close(epfd)
	var events [1]syscall.EpollEvent
	for i := 0; i < 100; i++ {
		spin(id)
		if _, err := syscall.EpollWait(epfd, events[:], 1); err != nil {
			return fmt.Errorf("epoll_wait: %v", err)
		}
	}
	return nil
}

func pipes(id int) error {
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return err
	}
	go func() {
		for i := 0; i < 300; i++ {
			spin(id + 8)
			if _, err := syscall.Write(p[1], []byte{byte(i)}); err != nil {
				fmt.Println("write:", err)
			}
		}
		syscall.Close(p[1])
	}()
	var b [1]byte
	for i := 0; ; i++ {
		spin(id)
		n, err := syscall.Read(p[0], b[:])
		if err != nil {
			return fmt.Errorf("read: %v", err)
		}
		if n == 0 {
			return nil
		}
		if b[0] != byte(i) {
			return fmt.Errorf("read %d, not %d", b[0], byte(i))
		}
	}
}

func processes(id int) error {
	for i := 0; i < 10; i++ {
		spin(id)
		out, err := exec.Command("/bin/echo", "hello").Output()
		if err != nil || string(out) != "hello\n" {
			return fmt.Errorf("echo: %q, %v", out, err)
		}
	}
	return nil
}

func main() {
	if len(os.Args) == 1 {
		for _, item := range []string{"preemptstress=20", "preemptstress=100"} {
			cmd := exec.Command(os.Args[0], "child")
			for _, kv := range os.Environ() {
				if !bytes.HasPrefix([]byte(kv), []byte("GODEBUG=")) {
					cmd.Env = append(cmd.Env, kv)
				}
			}
			cmd.Env = append(cmd.Env, "GODEBUG="+item)
			out, err := cmd.CombinedOutput()
			fmt.Printf("%s%v\n", out, err)
		}
		return
	}
	var wg sync.WaitGroup
	for id, f := range []func(int) error{sleeps, selects, polls, pipes} {
		wg.Add(1)
		go func(id int, f func(int) error) {
			defer wg.Done()
			if err := f(id); err != nil {
				fmt.Println(err)
			}
		}(id, f)
	}
	for i := 0; i < 10; i++ {
		runtime.GC()
	}
	wg.Wait()
	// By itself: the end of a process is a signal, too.
	if err := processes(5); err != nil {
		fmt.Println(err)
	}
	fmt.Println("done")
}

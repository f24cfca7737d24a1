// A process that a filter (seccomp) forbids whatever is newer than Go 1.5, or not needed: it works as it does without, and an idle program is idle. Each kind
// of error that filters answer, from the first call on.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Calls by their numbers on amd64, for most of which package syscall has no name.
var forbidden = []uint32{
	10,  // mprotect
	24,  // sched_yield
	28,  // madvise
	186, // gettid
	281, // epoll_pwait
	290, // eventfd2
	291, // epoll_create1
	297, // rt_tgsigqueueinfo
	314, // sched_setattr
	315, // sched_getattr
	318, // getrandom
	441, // epoll_pwait2
}

var errors = []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSYS, syscall.EINVAL}

type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

type program struct {
	len  uint16
	code *instruction
}

// filter makes the calls fail, in this thread and what it becomes.
func filter(errno syscall.Errno) {
	const (
		load, equal, answer = 0x20, 0x15, 0x06
		allow, fail         = 0x7fff0000, 0x00050000
		noNewPrivs, seccomp = 38, 22
	)
	code := []instruction{{load, 0, 0, 0}}
	for _, nr := range forbidden {
		code = append(code, instruction{equal, 0, 1, nr}, instruction{answer, 0, 0, fail | uint32(errno)})
	}
	code = append(code, instruction{answer, 0, 0, allow})
	p := program{uint16(len(code)), &code[0]}
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		panic(e)
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, seccomp, 2, uintptr(unsafe.Pointer(&p))); e != 0 {
		panic(e)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(0, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// work is done under the filter.
func work() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		c, err := l.Accept()
		check(err)
		b := make([]byte, 4)
		for {
			if _, err := c.Read(b); err != nil {
				c.Close()
				return
			}
			c.Write(b)
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	check(err)
	b := make([]byte, 4)
	for i := 0; i < 100; i++ {
		c.Write([]byte("ping"))
		if _, err := c.Read(b); err != nil || string(b) != "ping" {
			panic(fmt.Sprint(err, string(b)))
		}
	}
	c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	_, err = c.Read(b)
	fmt.Print(err.(net.Error).Timeout(), ", ")

	// Threads, stacks and collections.
	done := make(chan int)
	for i := 0; i < 20; i++ {
		go func() {
			var kept [][]byte
			for j := 0; j < 300; j++ {
				kept = append(kept, make([]byte, 1000))
				if j%100 == 0 {
					runtime.GC()
					runtime.Gosched()
				}
			}
			time.Sleep(time.Millisecond)
			done <- len(kept)
		}()
	}
	sum := 0
	for i := 0; i < 20; i++ {
		sum += <-done
	}
	fmt.Print(sum, ", ")

	before := cpu()
	ticks := time.NewTicker(50 * time.Millisecond)
	for i := 0; i < 10; i++ {
		<-ticks.C
	}
	if used := cpu() - before; used > 100*time.Millisecond {
		fmt.Println("half a second of nothing took", used)
		return
	}
	fmt.Println("idle")
}

func main() {
	if len(os.Args) > 1 {
		if os.Args[1] == "work" {
			work()
			return
		}
		// The filter is the thread's, and what the thread executes inherits it.
		runtime.LockOSThread()
		for _, e := range errors {
			if os.Args[1] == e.Error() {
				filter(e)
			}
		}
		check(syscall.Exec("/proc/self/exe", []string{"filtered_calls", "work"}, os.Environ()))
	}
	for _, e := range errors {
		cmd := exec.Command("/proc/self/exe", e.Error())
		out, err := cmd.CombinedOutput()
		fmt.Printf("%v: %s", e, out)
		if err != nil {
			fmt.Println(err)
		}
	}
}

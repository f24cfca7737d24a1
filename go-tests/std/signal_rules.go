// The rules of os/signal, each in a child of its own: Notify, Stop, Ignore and Reset; SIGHUP and SIGINT that were ignored from
// the start; SIGPIPE on standard output and elsewhere; SIGQUIT's dump; signals sent to any thread at any time.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A rule runs in a child; what it prints and how it ends is the result.
var rules = []struct {
	name string
	// shell: set up before the child becomes the program.
	before string
	// pipe: standard output is a pipe whose reader has gone.
	pipe bool
	run  func()
}{
	{"term", "", false, func() { die(syscall.SIGTERM) }},
	{"hup", "", false, func() { die(syscall.SIGHUP) }},
	{"int", "", false, func() { die(syscall.SIGINT) }},
	{"abrt", "", false, func() { die(syscall.SIGABRT) }},
	{"usr1 is nobody's business", "", false, func() { raise(syscall.SIGUSR1) }},
	{"chld, cont, winch, urg, io", "", false, func() {
		for _, s := range []syscall.Signal{syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGWINCH, syscall.SIGURG, syscall.SIGIO} {
			raise(s)
		}
	}},
	{"notify", "", false, func() {
		c := notify(syscall.SIGTERM, syscall.SIGUSR2)
		for i := 0; i < 3; i++ {
			raise(syscall.SIGTERM)
			fmt.Println(<-c)
			raise(syscall.SIGUSR2)
			fmt.Println(<-c)
		}
	}},
	{"notify all", "", false, func() {
		c := notify()
		for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGSYS, syscall.SIGWINCH} {
			raise(s)
			fmt.Println(<-c)
		}
	}},
	{"two channels", "", false, func() {
		a, b := notify(syscall.SIGHUP), notify(syscall.SIGHUP)
		raise(syscall.SIGHUP)
		fmt.Println(<-a, <-b)
		signal.Stop(a)
		raise(syscall.SIGHUP)
		fmt.Println(<-b, len(a))
	}},
	{"stop brings the default back", "", false, func() {
		c := notify(syscall.SIGTERM)
		raise(syscall.SIGTERM)
		fmt.Println(<-c)
		signal.Stop(c)
		die(syscall.SIGTERM)
	}},
	{"ignore", "", false, func() {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		raise(syscall.SIGTERM)
		raise(syscall.SIGINT)
	}},
	{"ignore, then reset", "", false, func() {
		signal.Ignore(syscall.SIGTERM)
		raise(syscall.SIGTERM)
		fmt.Println("alive")
		signal.Reset(syscall.SIGTERM)
		raise(syscall.SIGTERM)
	}},
	{"ignore takes channels away", "", false, func() {
		c := notify(syscall.SIGHUP)
		signal.Ignore(syscall.SIGHUP)
		raise(syscall.SIGHUP)
		time.Sleep(20 * time.Millisecond)
		fmt.Println(len(c))
	}},
	{"reset of all", "", false, func() {
		c := notify()
		raise(syscall.SIGHUP)
		fmt.Println(<-c)
		signal.Reset()
		die(syscall.SIGHUP)
	}},
	{"nohup", "trap '' HUP;", false, func() { raise(syscall.SIGHUP) }},
	{"nohup, but notified", "trap '' HUP;", false, func() {
		c := notify(syscall.SIGHUP)
		raise(syscall.SIGHUP)
		fmt.Println(<-c)
		signal.Stop(c)
		raise(syscall.SIGHUP)
	}},
	{"int ignored in the background", "trap '' INT;", false, func() { raise(syscall.SIGINT) }},
	{"term ignored from the start", "trap '' TERM;", false, func() { die(syscall.SIGTERM) }},
	{"broken standard output", "", true, func() {
		_, err := fmt.Println("to nobody")
		fmt.Fprintln(os.Stderr, err)
		for i := 0; i < 20; i++ {
			// The tenth in a row ends the process.
			fmt.Println("to nobody")
		}
		fmt.Fprintln(os.Stderr, "not reached")
	}},
	{"broken standard output, notified", "", true, func() {
		c := notify(syscall.SIGPIPE)
		_, err := fmt.Println("to nobody")
		fmt.Fprintln(os.Stderr, err, <-c)
	}},
	{"broken standard output, ignored", "", true, func() {
		signal.Ignore(syscall.SIGPIPE)
		for i := 0; i < 9; i++ {
			fmt.Println("to nobody")
		}
		_, err := fmt.Println("to nobody")
		fmt.Fprintln(os.Stderr, err)
	}},
	{"another broken pipe", "", false, func() {
		r, w, err := os.Pipe()
		check(err)
		r.Close()
		for i := 0; i < 20; i++ {
			_, err = w.Write([]byte("to nobody"))
		}
		fmt.Println(strings.HasSuffix(err.Error(), "broken pipe"), err.(*os.PathError).Err == syscall.EPIPE)
	}},
	{"quit", "", false, func() { die(syscall.SIGQUIT) }},
	{"signals to every thread while all are busy", "", false, storm},
}

// storm sends signals to every thread of a process whose goroutines calculate, allocate, call the kernel and switch.
func storm() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGUSR2)
	stop := make(chan bool)
	var work sync.WaitGroup
	for i := 0; i < 8; i++ {
		work.Add(1)
		go func(i int) {
			defer work.Done()
			if i%4 == 0 {
				runtime.LockOSThread()
			}
			var keep []byte
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				keep = append(keep[:0:0], make([]byte, 100+n%1000)...)
				deep(n % 200)
				syscall.Getppid()
				runtime.Gosched()
			}
		}(i)
	}
	var seen int32
	go func() {
		for range c {
			atomic.AddInt32(&seen, 1)
		}
	}()
	pid := os.Getpid()
	for n := 0; n < 100; n++ {
		tasks, err := os.Open("/proc/self/task")
		check(err)
		names, err := tasks.Readdirnames(-1)
		check(err)
		tasks.Close()
		for i, name := range names {
			var tid int
			fmt.Sscan(name, &tid)
			s := syscall.SIGUSR1
			if i%2 == 1 {
				s = syscall.SIGUSR2
			}
			syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(s))
		}
	}
	close(stop)
	work.Wait()
	// Without a Stop: a signal may still be on its way.
	for atomic.LoadInt32(&seen) == 0 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("some were seen:", true)
}

func deep(n int) int {
	var room [64]byte
	if n == 0 {
		return int(room[0])
	}
	return deep(n-1) + int(room[n%64])
}

// raise sends a signal to the process and gives it time to arrive.
func raise(s syscall.Signal) {
	check(syscall.Kill(os.Getpid(), s))
	time.Sleep(10 * time.Millisecond)
}

// die sends a signal that ends the process, on whichever thread and however late it arrives.
func die(s syscall.Signal) {
	check(syscall.Kill(os.Getpid(), s))
	time.Sleep(10 * time.Second)
}

func notify(signals ...os.Signal) chan os.Signal {
	c := make(chan os.Signal, 10)
	signal.Notify(c, signals...)
	return c
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if len(os.Args) > 1 {
		for _, rule := range rules {
			if rule.name == os.Args[1] {
				rule.run()
				os.Exit(0)
			}
		}
		panic("no such rule")
	}
	exe, err := os.Readlink("/proc/self/exe")
	check(err)
	for _, rule := range rules {
		cmd := exec.Command("/bin/sh", "-c", rule.before+`exec "$0" "$1"`, exe, rule.name)
		var out bytes.Buffer
		cmd.Stderr = &out
		var broken io.Closer
		if rule.pipe {
			r, w, err := os.Pipe()
			check(err)
			r.Close()
			cmd.Stdout, broken = w, w
		} else {
			cmd.Stdout = &out
		}
		ended := cmd.Run()
		if broken != nil {
			broken.Close()
		}
		fmt.Printf("%s:", rule.name)
		for _, line := range strings.Split(out.String(), "\n") {
			// Of a dump only the lines that do not depend on addresses and on what else there is.
			if dumps := rule.name == "quit" || rule.name == "abrt"; dumps {
				switch {
				case strings.HasPrefix(line, "SIG"):
					line = strings.Split(line, ";")[0]
				case strings.HasPrefix(line, "main.main("):
					line = "main.main"
				default:
					continue
				}
			}
			if line != "" {
				fmt.Printf(" %s;", line)
			}
		}
		if ended == nil {
			fmt.Println(" lives")
		} else {
			fmt.Println("", ended)
		}
	}
}

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
	"os/signal"
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
	case "other program":
		err := syscall.Exec(os.Args[0], []string{os.Args[0], "replacement", ""}, os.Environ())
		return err.Error()
	case "ignored signal":
		signal.Ignore(syscall.SIGALRM)
		select {}
	case "long text":
		return strings.Repeat("0123456789abcdef", long/16)
	}
	return "text"
}

// Bytes of a text that a pipe does not take at once.
const long = 256 << 10

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
		if way == "replacement" {
			time.Sleep(1800 * time.Millisecond)
			fmt.Println("in its own time")
			return
		}
		die(os.Args[2])
	}
	limited("other program", "1000")
	limited("ignored signal", "300")
	slowlyRead()
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

// The limit on the time of a program that dies holds whatever it does with signals, but not for the program that takes its place.
func limited(way, limit string) {
	child := exec.Command(os.Args[0], way, "alone")
	child.Env = append(os.Environ(), "GODEBUG=dyinglimit="+limit, "GOTRACEBACK=0")
	out, err := child.CombinedOutput()
	fmt.Printf("%s: %q, %v\n", way, out, err)
}

// A text is written to its end, however long that takes, if somebody reads.
func slowlyRead() {
	child := exec.Command(os.Args[0], "long text", "alone")
	child.Env = append(os.Environ(), "GODEBUG=dyinglimit=1000", "GOTRACEBACK=0")
	r, err := child.StderrPipe()
	if err == nil {
		err = child.Start()
	}
	n, b := 0, make([]byte, 4096)
	for err == nil {
		var k int
		k, err = r.Read(b)
		n += k
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Printf("slow reader: %v, %v, %v\n", n == len("panic: \n")+long, err, child.Wait())
}

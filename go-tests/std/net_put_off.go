// Deadlines of connections that are put off, brought forward and taken away: each counts as it was set last.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	soon  = 20 * time.Millisecond
	later = 3 * soon
	never = time.Hour
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func pair() (a, b net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	check(err)
	b, err = l.Accept()
	check(err)
	return a, b
}

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// outcome tells what reading a byte came to.
func outcome(c net.Conn) string {
	_, err := io.ReadFull(c, make([]byte, 1))
	if err == nil {
		return "byte"
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "timeout"
	}
	return err.Error()
}

// sent has b send a byte later, and answers what a reads.
func sent(a, b net.Conn) string {
	go func() {
		time.Sleep(later)
		b.Write([]byte{1})
	}()
	return outcome(a)
}

func test() (all []string) {
	a, b := pair()
	defer a.Close()
	defer b.Close()
	say := func(what, came string) { all = append(all, what+": "+came) }

	a.SetReadDeadline(in(soon))
	a.SetReadDeadline(in(never))
	say("put off", sent(a, b))

	a.SetReadDeadline(in(never))
	a.SetReadDeadline(in(soon))
	say("brought forward", outcome(a))

	a.SetReadDeadline(in(soon))
	a.SetReadDeadline(time.Time{})
	say("taken away", sent(a, b))

	start := time.Now()
	a.SetReadDeadline(in(soon))
	a.SetReadDeadline(in(later))
	say("put off a little", outcome(a))
	if took := time.Since(start); took < later {
		say("that was early", took.String())
	}

	a.SetReadDeadline(in(never))
	a.SetWriteDeadline(in(soon))
	say("of writing", sent(a, b))
	for {
		// The other side does not read.
		if _, err := a.Write(make([]byte, 1<<20)); err != nil {
			say("writing", fmt.Sprint(err.(net.Error).Timeout()))
			break
		}
	}

	a.SetDeadline(in(soon))
	a.SetWriteDeadline(in(never))
	say("of both, one put off", outcome(a))
	a.SetDeadline(in(never))
	say("set anew", sent(a, b))

	a.SetReadDeadline(in(never))
	done := make(chan string)
	go func() { done <- outcome(a) }()
	time.Sleep(soon)
	a.SetReadDeadline(in(soon))
	say("brought forward while waited for", <-done)

	a.SetReadDeadline(in(soon))
	go func() { done <- outcome(a) }()
	for i := 0; i < 10; i++ {
		time.Sleep(soon / 10)
		a.SetReadDeadline(in(never))
	}
	time.Sleep(soon)
	b.Write([]byte{1})
	say("put off while waited for", <-done)

	a.SetReadDeadline(in(soon))
	a.Close()
	_, err := a.Read(make([]byte, 1))
	say("closed", fmt.Sprint(err != nil))
	return all
}

func main() {
	// Several at once, so that descriptors are used again while their timers fire.
	var first []string
	for round := 0; round < 3; round++ {
		results := make([][]string, 20)
		var done sync.WaitGroup
		for i := range results {
			done.Add(1)
			go func(i int) {
				defer done.Done()
				results[i] = test()
			}(i)
		}
		done.Wait()
		for _, all := range results {
			if first == nil {
				first = all
			}
			if fmt.Sprint(all) != fmt.Sprint(first) {
				fmt.Println("not as before:", all)
			}
		}
	}
	for _, s := range first {
		fmt.Println(s)
	}
}

// Everything that waits, together and for long: TCP and Unix echo with deadlines, HTTP with time-outs, timers, child processes, collections. All of it checks
// itself. After each round nothing may be left: no goroutine, no descriptor, no more memory than before. A round that does not end is a hang.
//
// SOAK_SECONDS says for how long, and makes it report each round; else two short rounds are done.
package main

import (
	"bytes"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	ms = time.Millisecond
	// never is a deadline that does not pass unless something hangs.
	never = 5 * time.Minute
	// slow is how long a server takes that nobody waits for.
	slow = 10 * time.Second
	// patience is how long a round may take.
	patience = 10 * time.Minute
)

// scale is how much of everything a round does.
var scale = 1

// done counts what was done, for the report.
var done struct{ echoes, timeouts, requests, timers, children int64 }

// fail ends the program with all goroutines' traces.
func fail(what ...interface{}) {
	fmt.Println("broken:", fmt.Sprint(what...))
	syscall.Kill(os.Getpid(), syscall.SIGQUIT)
	select {}
}

func check(ok bool, what ...interface{}) {
	if !ok {
		fail(what...)
	}
}

// isTimeout tells whether a deadline was the reason.
func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// parallel runs f n times at once, and answers when all have ended.
func parallel(all *sync.WaitGroup, n int, f func(i int)) {
	for i := 0; i < n; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			f(i)
		}(i)
	}
}

// serve echoes with a deadline for each step until the listener is closed, and then waits for its connections.
func serve(l net.Listener, ended *sync.WaitGroup) {
	defer ended.Done()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		ended.Add(1)
		go func() {
			defer ended.Done()
			defer c.Close()
			buf := make([]byte, 4096)
			for {
				c.SetReadDeadline(time.Now().Add(never))
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				c.SetWriteDeadline(time.Now().Add(never))
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// echo talks to the server at an address, on a new connection each time round.
func echo(network, address string, id int) {
	for conn := 0; conn < 3; conn++ {
		c, err := net.DialTimeout(network, address, never)
		check(err == nil, "dial: ", err)
		message, answer := make([]byte, 1000), make([]byte, 1000)
		for i := 0; i < 30*scale; i++ {
			n := 1 + (i*37+id)%len(message)
			for k := range message[:n] {
				message[k] = byte(i + k + id)
			}
			c.SetDeadline(time.Now().Add(never))
			_, err := c.Write(message[:n])
			check(err == nil, "write: ", err)
			_, err = io.ReadFull(c, answer[:n])
			check(err == nil, "read: ", err)
			check(bytes.Equal(message[:n], answer[:n]), "the echo differs")
			atomic.AddInt64(&done.echoes, 1)
			if i%10 == 9 {
				// Nothing comes: the deadline ends the wait, and what comes later is not lost.
				c.SetReadDeadline(time.Now().Add(time.Duration(i%3) * ms))
				_, err = c.Read(answer)
				check(isTimeout(err), "no time-out but ", err)
				atomic.AddInt64(&done.timeouts, 1)
			}
		}
		if conn == 1 {
			// Another goroutine closes while this one reads.
			go func() {
				time.Sleep(ms)
				c.Close()
			}()
			c.SetDeadline(time.Now().Add(never))
			_, err := c.Read(answer)
			check(err != nil && !isTimeout(err), "read of a closed connection: ", err)
		}
		c.Close()
	}
}

func echoes(all *sync.WaitGroup) {
	path := filepath.Join(os.TempDir(), fmt.Sprint("soak-", os.Getpid()))
	for _, where := range [][2]string{{"tcp", "127.0.0.1:0"}, {"unix", path}} {
		where := where
		l, err := net.Listen(where[0], where[1])
		check(err == nil, "listen: ", err)
		var server, clients sync.WaitGroup
		server.Add(1)
		go serve(l, &server)
		parallel(&clients, 16, func(i int) { echo(where[0], l.Addr().String(), i) })
		parallel(all, 1, func(int) {
			clients.Wait()
			l.Close()
			server.Wait()
		})
	}
}

func requests(all *sync.WaitGroup) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil, "listen: ", err)
	release := make(chan bool)
	server := http.Server{
		ReadTimeout: never,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				select {
				case <-release:
				case <-time.After(slow):
				}
				return
			}
			body, err := ioutil.ReadAll(r.Body)
			check(err == nil, "request: ", err)
			fmt.Fprint(w, len(body), r.URL.Path)
		}),
	}
	go server.Serve(l)
	address := "http://" + l.Addr().String()
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	var clients sync.WaitGroup
	parallel(&clients, 8, func(id int) {
		c := http.Client{Transport: transport, Timeout: never}
		for i := 0; i < 20*scale; i++ {
			path := fmt.Sprint("/", id, "/", i)
			r, err := c.Post(address+path, "text/plain", strings.NewReader(strings.Repeat("x", i*100)))
			check(err == nil, "post: ", err)
			body, err := ioutil.ReadAll(r.Body)
			check(err == nil, "answer: ", err)
			r.Body.Close()
			check(string(body) == fmt.Sprint(i*100)+path, "answer ", string(body))
			atomic.AddInt64(&done.requests, 1)
		}
		impatient := http.Client{Transport: transport, Timeout: 20 * ms}
		start := time.Now()
		r, err := impatient.Get(address + "/slow")
		if err == nil {
			// Net/http loses a time-out that is over before its transport knows of the request: on a machine that has no time for us it may be.
			check(time.Since(start) >= slow, "no time-out")
			r.Body.Close()
		}
		atomic.AddInt64(&done.timeouts, 1)
	})
	parallel(all, 1, func(int) {
		clients.Wait()
		close(release)
		transport.CloseIdleConnections()
		l.Close()
	})
}

func timers(all *sync.WaitGroup) {
	parallel(all, 8, func(id int) {
		var fired int64
		var expected int64
		for i := 0; i < 20*scale; i++ {
			d := time.Duration(1+(i+id)%7) * ms
			start := time.Now()
			<-time.After(d)
			check(time.Since(start) >= d, "a timer fired too early")
			stopped := time.AfterFunc(never, func() { fail("a stopped timer fired") })
			moved := time.AfterFunc(never, func() { atomic.AddInt64(&fired, 1) })
			check(stopped.Stop() && !stopped.Stop(), "Stop")
			check(moved.Reset(d), "Reset")
			expected++
			t := time.NewTicker(ms)
			<-t.C
			<-t.C
			t.Stop()
			atomic.AddInt64(&done.timers, 4)
			var garbage [][]byte
			for k := 0; k < 50; k++ {
				garbage = append(garbage, make([]byte, 1000*(k%10)+1))
			}
			if i%10 == 9 {
				runtime.GC()
			}
			_ = garbage
		}
		for start := time.Now(); atomic.LoadInt64(&fired) < expected; time.Sleep(ms) {
			check(time.Since(start) < never, "timers are missing")
		}
		check(atomic.LoadInt64(&fired) == expected, "a timer fired twice")
	})
}

func children(all *sync.WaitGroup) {
	parallel(all, 2, func(id int) {
		for i := 0; i < 2*scale; i++ {
			c := exec.Command("/proc/self/exe", "child", strconv.Itoa(i))
			text := strings.Repeat(fmt.Sprint(id, i), 5000)
			c.Stdin = strings.NewReader(text)
			out, err := c.Output()
			if i%3 == 2 {
				check(err != nil && err.Error() == "exit status 3", "exit status: ", err)
			} else {
				check(err == nil, "child: ", err)
			}
			check(string(out) == text, "the child's output differs")
			atomic.AddInt64(&done.children, 1)
		}
	})
}

// child echoes its input, and fails for every third number.
func child(number string) {
	go func() {
		for i := 0; ; i++ {
			time.Sleep(ms)
		}
	}()
	_, err := io.Copy(os.Stdout, os.Stdin)
	if n, _ := strconv.Atoi(number); err == nil && n%3 == 2 {
		os.Exit(3)
	}
}

// left is what the program holds: goroutines, descriptors, resident bytes.
func left() (goroutines, descriptors, resident int) {
	names, err := ioutil.ReadDir("/proc/self/fd")
	check(err == nil, err)
	text, err := ioutil.ReadFile("/proc/self/statm")
	check(err == nil, err)
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return runtime.NumGoroutine(), len(names), pages * os.Getpagesize()
}

func round() {
	hang := time.AfterFunc(patience, func() { fail("a round does not end") })
	var all sync.WaitGroup
	echoes(&all)
	requests(&all)
	timers(&all)
	children(&all)
	all.Wait()
	hang.Stop()
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "child" {
		child(os.Args[2])
		return
	}
	seconds, _ := strconv.Atoi(os.Getenv("SOAK_SECONDS"))
	if seconds > 0 {
		scale = 20
	}
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var goroutines, descriptors, resident, most int
	for i := 1; i <= 2 || time.Now().Before(end); i++ {
		start := time.Now()
		round()
		took := time.Since(start)
		// What was closed last may take a moment to go.
		g, d, r := left()
		for start := time.Now(); i > 1 && (g > goroutines || d > descriptors) && time.Since(start) < never; g, d, r = left() {
			time.Sleep(ms)
		}
		if i == 1 {
			// The first round makes what stays: the poller, threads, caches.
			time.Sleep(500 * ms)
			g, d, r = left()
			goroutines, descriptors, resident = g, d, r
		}
		if seconds > 0 {
			fmt.Printf("round %d: %.1f s, %d goroutines, %d descriptors, %d MiB; so far %+v\n", i, took.Seconds(), g, d, r>>20, done)
		}
		check(g <= goroutines, g, " goroutines are left of ", goroutines)
		check(d <= descriptors, d, " descriptors are left of ", descriptors)
		if r > most {
			most = r
		}
		check(r < 3*resident+64<<20, "resident memory has grown from ", resident>>20, " to ", r>>20, " MiB")
	}
	fmt.Println("everything was as it should be")
}

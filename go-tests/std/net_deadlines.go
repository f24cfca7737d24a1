// Deadlines of connections, as Go 1.5 has them: on TCP, Unix and UDP sockets, for accepting and connecting, and closing while others wait. No line depends on
// how fast anything is; what waits for a deadline waits for its effect.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	soon = 20 * time.Millisecond
	long = 10 * time.Minute
)

func must(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// what tells an error without addresses.
func what(err error) string {
	switch e := err.(type) {
	case nil:
		return "ok"
	case *net.OpError:
		return fmt.Sprintf("%s %v, time-out %v, temporary %v", e.Op, e.Err, e.Timeout(), e.Temporary())
	}
	if err == io.EOF {
		return "EOF"
	}
	return fmt.Sprintf("%T %v", err, err)
}

// pair is two ends of a connection.
func pair(network, address string) (net.Conn, net.Conn) {
	l, err := net.Listen(network, address)
	must(err)
	defer l.Close()
	a, err := net.Dial(network, l.Addr().String())
	must(err)
	b, err := l.Accept()
	must(err)
	return a, b
}

// pass waits until the deadline for reading has passed for certain: a read without data has failed.
func pass(c net.Conn) string {
	_, err := c.Read(make([]byte, 1))
	return what(err)
}

func stream(name string, a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	buf := make([]byte, 1)
	read := func(c net.Conn) string {
		n, err := c.Read(buf)
		return fmt.Sprint(n, " ", what(err))
	}
	write := func(c net.Conn, text string) string {
		n, err := c.Write([]byte(text))
		return fmt.Sprint(n, " ", what(err))
	}

	fmt.Println(name, "- a deadline that passes after a successful read")
	a.SetReadDeadline(time.Now().Add(time.Second))
	write(b, "x")
	fmt.Println(read(a))
	time.Sleep(time.Second + soon)
	fmt.Println(read(a))

	fmt.Println(name, "- once it has passed every read fails, data or not")
	write(b, "yz")
	fmt.Println(read(a), "|", read(a))
	fmt.Println(write(a, "w"), "|", read(b))
	a.SetReadDeadline(time.Time{})
	fmt.Println(read(a), "|", read(a))

	fmt.Println(name, "- a deadline in the past, and far in the past")
	for _, t := range []time.Time{time.Now().Add(-time.Hour), time.Unix(1, 0), time.Now()} {
		a.SetReadDeadline(t)
		fmt.Println(read(a))
	}

	fmt.Println(name, "- a new deadline cancels the old one")
	a.SetReadDeadline(time.Now().Add(soon))
	a.SetReadDeadline(time.Now().Add(long))
	go func() {
		time.Sleep(3 * soon)
		b.Write([]byte("v"))
	}()
	fmt.Println(read(a))
	// Set anew by another goroutine while one waits: earlier.
	go func() {
		time.Sleep(soon)
		a.SetReadDeadline(time.Now().Add(soon))
	}()
	fmt.Println(pass(a))
	// Later, and then none.
	a.SetReadDeadline(time.Now().Add(time.Second))
	go func() {
		a.SetReadDeadline(time.Now().Add(long))
		time.Sleep(time.Second + soon)
		a.SetReadDeadline(time.Time{})
		b.Write([]byte("u"))
	}()
	fmt.Println(read(a))
	// In the past: it ends the wait at once.
	go func() {
		time.Sleep(soon)
		a.SetReadDeadline(time.Unix(1, 0))
	}()
	fmt.Println(pass(a))
	a.SetReadDeadline(time.Time{})

	fmt.Println(name, "- deadlines so far away that their time overflows have passed")
	a.SetReadDeadline(time.Now().Add(1<<63 - 1))
	write(b, "t")
	fmt.Println(read(a))
	a.SetReadDeadline(time.Unix(1<<40, 0))
	write(b, "s")
	fmt.Println(read(a))
	a.SetReadDeadline(time.Time{})
	fmt.Println(read(a), "|", read(a))

	fmt.Println(name, "- reading and writing are independent")
	a.SetWriteDeadline(time.Now().Add(-1))
	fmt.Println(write(a, "r"))
	write(b, "q")
	fmt.Println(read(a))
	a.SetWriteDeadline(time.Time{})
	a.SetReadDeadline(time.Now().Add(-1))
	fmt.Println(write(a, "p"), "|", read(b), "|", read(a))
	a.SetDeadline(time.Now().Add(-1))
	fmt.Println(write(a, "o"), "|", read(a))
	a.SetDeadline(time.Time{})

	fmt.Println(name, "- both directions wait on one descriptor")
	var both sync.WaitGroup
	both.Add(2)
	var reads, writes string
	a.SetDeadline(time.Now().Add(5 * soon))
	go func() {
		reads = pass(a)
		both.Done()
	}()
	go func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 1<<16))
		}
		writes = what(err)
		both.Done()
	}()
	both.Wait()
	fmt.Println(reads, "|", writes)

	fmt.Println(name, "- closing wakes who reads and who writes")
	a.SetDeadline(time.Now().Add(long))
	both.Add(2)
	go func() {
		reads = pass(a)
		both.Done()
	}()
	go func() {
		var err error
		for err == nil {
			_, err = a.Write(make([]byte, 1<<16))
		}
		writes = what(err)
		both.Done()
	}()
	time.Sleep(soon)
	a.Close()
	both.Wait()
	fmt.Println(reads, "|", writes)
	fmt.Println(what(a.SetDeadline(time.Now())), "|", what(a.Close()))
}

func accepting() {
	fmt.Println("accepting")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	tcp := l.(*net.TCPListener)
	tcp.SetDeadline(time.Now().Add(soon))
	_, err = l.Accept()
	fmt.Println(what(err))
	c, err := net.Dial("tcp", l.Addr().String())
	must(err)
	_, err = l.Accept()
	fmt.Println(what(err), "although somebody waits")
	tcp.SetDeadline(time.Time{})
	s, err := l.Accept()
	fmt.Println(what(err))
	go func() {
		time.Sleep(soon)
		l.Close()
	}()
	_, err = l.Accept()
	fmt.Println(what(err))
	s.Close()
	c.Close()
}

func connecting() {
	fmt.Println("connecting")
	// A listener whose queue is full lets others wait.
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	must(err)
	address := fmt.Sprint("127.0.0.1:", name.(*syscall.SockaddrInet4).Port)
	var open []net.Conn
	for {
		c, err := net.DialTimeout("tcp", address, 5*soon)
		if err != nil {
			fmt.Println(what(err))
			break
		}
		open = append(open, c)
	}
	d := net.Dialer{Deadline: time.Now().Add(2 * soon)}
	_, err = d.Dial("tcp", address)
	fmt.Println(what(err))
	d.Deadline = time.Now().Add(-1)
	_, err = d.Dial("tcp", address)
	fmt.Println(what(err))
	for _, c := range open {
		c.Close()
	}
	syscall.Close(fd)
	_, err = net.DialTimeout("tcp", address, long)
	fmt.Println(what(err))
}

func packets() {
	fmt.Println("packets")
	a, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err)
	b, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err)
	buf := make([]byte, 8)
	a.SetReadDeadline(time.Now().Add(soon))
	_, _, err = a.ReadFrom(buf)
	fmt.Println(what(err))
	b.WriteTo([]byte("one"), a.LocalAddr())
	_, _, err = a.ReadFrom(buf)
	fmt.Println(what(err))
	a.SetReadDeadline(time.Time{})
	n, _, err := a.ReadFrom(buf)
	fmt.Println(string(buf[:n]), what(err))
	go func() {
		time.Sleep(soon)
		a.Close()
	}()
	_, _, err = a.ReadFrom(buf)
	fmt.Println(what(err))
	b.Close()
}

func client() {
	fmt.Println("http.Client.Timeout")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	release := make(chan bool)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
		io.WriteString(w, "done")
	}))
	c := http.Client{Timeout: 5 * soon}
	_, err = c.Get("http://" + l.Addr().String() + "/slow")
	timeout, ok := err.(net.Error)
	fmt.Println(err != nil && strings.Contains(err.Error(), "Client.Timeout exceeded"), ok && timeout.Timeout())
	close(release)
	c.Timeout = long
	r, err := c.Get("http://" + l.Addr().String() + "/fast")
	must(err)
	fmt.Println(r.Status)
	r.Body.Close()
	l.Close()
}

// starved: no descriptors are left, and accepting fails with the system's error; with some again it goes on.
func starved() {
	fmt.Println("no descriptors left")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	a, err := net.Dial("tcp", l.Addr().String())
	must(err)
	var files []int
	// Connections of the parts before may still be closed, and leave descriptors: until nothing is left for a while.
	for before := -1; before < len(files); time.Sleep(2 * soon) {
		before = len(files)
		for {
			var fd int
			fd, err = syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
			if err != nil {
				break
			}
			files = append(files, fd)
		}
	}
	fmt.Println(err)
	_, err = l.Accept()
	fmt.Println(what(err))
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println(what(err))
	for _, fd := range files {
		syscall.Close(fd)
	}
	b, err := l.Accept()
	fmt.Println(what(err))
	a.Write([]byte("x"))
	n, err := b.Read(make([]byte, 1))
	fmt.Println(n, what(err))
	a.Close()
	b.Close()
	l.Close()
}

// hidden: a descriptor closed behind package net's back.
func hidden() {
	fmt.Println("closed behind the poller")
	a, b := pair("tcp", "127.0.0.1:0")
	f, err := a.(*net.TCPConn).File()
	must(err)
	f.Close()
	syscall.Shutdown(descriptor(b), syscall.SHUT_RDWR)
	n, err := b.Read(make([]byte, 1))
	fmt.Println(n, what(err))
	n, err = a.Read(make([]byte, 1))
	fmt.Println(n, what(err))
	syscall.Close(descriptor(b))
	_, err = b.Read(make([]byte, 1))
	fmt.Println(what(err))
	_, err = b.Write(make([]byte, 1))
	fmt.Println(what(err))
	a.Close()
}

// descriptor is the number of a connection's descriptor: that of a copy less one would be a guess, so it is looked for.
func descriptor(c net.Conn) int {
	want := c.LocalAddr().(*net.TCPAddr).Port
	peer := c.RemoteAddr().(*net.TCPAddr).Port
	for fd := 0; fd < 1000; fd++ {
		local, err := syscall.Getsockname(fd)
		if err != nil {
			continue
		}
		remote, err := syscall.Getpeername(fd)
		if err != nil {
			continue
		}
		l, ok := local.(*syscall.SockaddrInet4)
		r, also := remote.(*syscall.SockaddrInet4)
		if ok && also && l.Port == want && r.Port == peer {
			return fd
		}
	}
	return -1
}

func main() {
	limit := syscall.Rlimit{Cur: 200, Max: 200}
	must(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	a, b := pair("tcp", "127.0.0.1:0")
	stream("tcp", a, b)
	path := filepath.Join(os.TempDir(), fmt.Sprint("deadlines-", os.Getpid()))
	a, b = pair("unix", path)
	stream("unix", a, b)
	accepting()
	connecting()
	packets()
	client()
	starved()
	hidden()
}

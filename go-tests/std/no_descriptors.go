// A process that has no descriptors left: timers go on, opening fails with Go's error, two are enough for the network, and what failed for want of one works
// when there are some again.
package main

import (
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
	"os/exec"
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
	_, _, err = os.Pipe()
	fmt.Println(err)
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println(err.(*net.OpError).Err)
	_, err = exec.Command("/bin/true").CombinedOutput()
	fmt.Println(err)
	// One for the caller, none for the listener: it says so, and goes on once there are some again.
	files[2].Close()
	c, err := net.Dial("tcp", l.Addr().String())
	fmt.Println(err)
	_, err = l.Accept()
	fmt.Println(err.(*net.OpError).Err, err.(net.Error).Temporary(), err.(net.Error).Timeout())
	for _, f := range files[3:13] {
		f.Close()
	}
	s, err := l.Accept()
	fmt.Println(err)
	go func() {
		io.Copy(s, s)
		s.Close()
	}()
	fmt.Fprint(c, "echo")
	c.(*net.TCPConn).CloseWrite()
	b, err := ioutil.ReadAll(c)
	fmt.Println(string(b), err)
	fmt.Println(exec.Command("/bin/true").Run())
	l.Close()
}

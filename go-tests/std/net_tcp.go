// TCP, Unix and UDP sockets on the loopback: echo servers, many connections, deadlines, closing while others wait.
package main

import (
	"bufio"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go serve(l)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(c, "hello over tcp")
	line, err := bufio.NewReader(c).ReadString('\n')
	fmt.Printf("%q %v\n", line, err)

	// A read deadline ends a read that nothing satisfies; a later deadline makes the connection usable again.
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err = c.Read(make([]byte, 1))
	ne, ok := err.(net.Error)
	fmt.Println(ok, ne != nil && ne.Timeout())
	c.SetReadDeadline(time.Time{})
	fmt.Fprintln(c, "again")
	line, err = bufio.NewReader(c).ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	// Closing wakes a reader.
	woken := make(chan bool)
	go func() {
		_, err := c.Read(make([]byte, 1))
		woken <- err != nil
	}()
	time.Sleep(10 * time.Millisecond)
	c.Close()
	fmt.Println(<-woken)

	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for i := 0; i < 40; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				fmt.Println(err)
				return
			}
			size := 1000 * (i + 1)
			go func() {
				c.Write(make([]byte, size))
				c.(*net.TCPConn).CloseWrite()
			}()
			b, err := ioutil.ReadAll(c)
			if err != nil {
				fmt.Println(err)
			}
			c.Close()
			mu.Lock()
			total += len(b)
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	fmt.Println(total)
	l.Close()

	dir, _ := ioutil.TempDir("", "gort")
	defer os.RemoveAll(dir)
	ul, err := net.Listen("unix", filepath.Join(dir, "sock"))
	if err != nil {
		fmt.Println(err)
		return
	}
	go serve(ul)
	c, err = net.Dial("unix", ul.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(c, "unix socket")
	c.(*net.UnixConn).CloseWrite()
	b, err := ioutil.ReadAll(c)
	fmt.Println(string(b), err)
	ul.Close()

	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(append([]byte("re: "), buf[:n]...), from)
		}
	}()
	c, _ = net.Dial("udp", pc.LocalAddr().String())
	buf := make([]byte, 100)
	for i := 0; i < 3; i++ {
		fmt.Fprintf(c, "packet %d", i)
		n, err := c.Read(buf)
		fmt.Println(string(buf[:n]), err)
	}
	pc.Close()
}

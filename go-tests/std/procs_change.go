// GOMAXPROCS changes all the time while goroutines use channels, timers, the network, system calls, locked threads, the collector and child processes.
package main

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var stop uint32

func over() bool { return atomic.LoadUint32(&stop) != 0 }

func main() {
	before := runtime.GOMAXPROCS(0)
	d := 1500 * time.Millisecond
	if len(os.Args) > 1 {
		d, _ = time.ParseDuration(os.Args[1])
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	sigs := make(chan os.Signal, 16)
	signal.Notify(sigs, syscall.SIGUSR1)
	go func() {
		for range sigs {
		}
	}()
	var wg sync.WaitGroup
	var done [8]uint64
	load := func(kind int, f func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			// At least once: nobody promises that a goroutine starts within the time, which a loaded machine showed.
			for first := true; first || !over(); first = false {
				f()
				atomic.AddUint64(&done[kind], 1)
			}
		}()
	}
	// Nothing here is ready all the time: with loads that are, the stock runtime's timers and network starve for seconds.
	for i := 0; i < 2; i++ {
		c := make(chan int)
		load(0, func() {
			for j := 0; j < 100; j++ {
				go func() { c <- 1 }()
				<-c
			}
			time.Sleep(time.Millisecond)
		})
		load(1, func() {
			t := time.NewTimer(time.Hour)
			time.Sleep(time.Millisecond)
			t.Stop()
		})
		load(2, func() {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			conn.SetDeadline(time.Now().Add(time.Minute))
			buf := make([]byte, 64)
			for j := 0; j < 10; j++ {
				if _, err := conn.Write(buf); err != nil {
					panic(err)
				}
				if _, err := io.ReadFull(conn, buf); err != nil {
					panic(err)
				}
			}
			conn.Close()
		})
		load(3, func() {
			ts := syscall.Timespec{Nsec: 50000}
			syscall.Nanosleep(&ts, nil)
			time.Sleep(50 * time.Microsecond)
		})
		load(4, func() {
			ack := make(chan bool)
			go func() {
				runtime.LockOSThread()
				ack <- true
				runtime.Gosched()
				ack <- true
				if rand.Intn(2) == 0 {
					runtime.UnlockOSThread()
				}
			}()
			<-ack
			<-ack
		})
		load(6, func() {
			if err := exec.Command("/bin/true").Run(); err != nil {
				panic(err)
			}
		})
		load(7, func() {
			syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			time.Sleep(2 * time.Millisecond)
		})
	}
	load(5, func() {
		b := make([][]byte, 100)
		for i := range b {
			b[i] = make([]byte, 1000)
		}
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	})
	end := time.Now().Add(d)
	for time.Now().Before(end) {
		runtime.GOMAXPROCS(1 + rand.Intn(16))
		if rand.Intn(4) == 0 {
			time.Sleep(time.Duration(rand.Intn(3000)) * time.Microsecond)
		} else {
			runtime.Gosched()
		}
	}
	atomic.StoreUint32(&stop, 1)
	wg.Wait()
	l.Close()
	runtime.GOMAXPROCS(before)
	if len(os.Args) > 2 {
		fmt.Println(done)
	}
	fmt.Println("ok")
}

// What the kernel refuses: threads beyond the limits, and descriptors that are closed. Each is an error of Go or an end with Go's message, never a hang.
package main

import (
	"fmt"
	"io/ioutil"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

const (
	// RLIMIT_NPROC, which package syscall does not have.
	processes = 6
	nobody    = 65534
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func limit(resource int, n uint64) {
	var l syscall.Rlimit
	check(syscall.Getrlimit(resource, &l))
	l.Cur = n
	check(syscall.Setrlimit(resource, &l))
}

// closed uses what is closed already, or is closed by somebody else.
func closed() {
	r, w, err := os.Pipe()
	check(err)
	fd := int(r.Fd())
	r.Close()
	_, err = r.Read(make([]byte, 1))
	fmt.Println(err)
	_, err = syscall.Read(fd, make([]byte, 1))
	fmt.Println(err)
	fmt.Println(r.Close(), w.Close(), w.Close())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	gone := make(chan error)
	go func() {
		time.Sleep(10 * time.Millisecond)
		gone <- ln.Close()
	}()
	_, err = ln.Accept()
	fmt.Println(<-gone)
	fmt.Println(err.(*net.OpError).Err)
	_, err = ln.Accept()
	fmt.Println(err.(*net.OpError).Err, ln.Close().(*net.OpError).Err)
}

// threads makes goroutines that each keep a thread, until no more can be made.
func threads() {
	for {
		locked := make(chan bool)
		go func() {
			runtime.LockOSThread()
			locked <- true
			select {}
		}()
		<-locked
	}
}

// refused is a part that ends the process: its message, without numbers, and its exit status.
func refused(self, part string) {
	cmd := exec.Command(self, part)
	cmd.Env = []string{"GOMAXPROCS=2"}
	if os.Getuid() == 0 {
		// The superuser may have as many threads as it likes.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	done := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	out, err := cmd.CombinedOutput()
	done.Stop()
	// Two threads may come to their end at once.
	said := map[string]bool{}
	for _, line := range strings.Split(string(out), "\n") {
		line = strings.SplitN(line, " (have", 2)[0]
		for _, begin := range []string{"fatal error: ", "runtime: program", "runtime: failed"} {
			if strings.HasPrefix(line, begin) && !said[line] {
				said[line] = true
				fmt.Println(line)
			}
		}
	}
	fmt.Println(part, err)
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "limit of the runtime":
			debug.SetMaxThreads(20)
			threads()
		case "limit of the kernel":
			limit(processes, 20)
			threads()
		}
		return
	}
	// Where everybody may run it.
	dir, err := ioutil.TempDir("", "limits")
	check(err)
	check(os.Chmod(dir, 0755))
	self := filepath.Join(dir, "limits")
	program, err := ioutil.ReadFile("/proc/self/exe")
	check(err)
	check(ioutil.WriteFile(self, program, 0755))
	refused(self, "limit of the runtime")
	refused(self, "limit of the kernel")
	check(os.RemoveAll(dir))
	closed()
}

// The samples of a CPU profile are the processor time of the threads, as /proc/PID/task/*/schedstat has it: each thread gets its own, none is lost, none is
// counted twice, and threads that sleep get none. Also where the kernel refuses a timer for each thread. The comparison is of processor time with processor
// time, so it holds on a busy machine. The shares of threads are no promise of the stock runtime, whose one timer is the process's.
package main

import (
	"debug/elf"
	"fmt"
	"io/ioutil"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Processor time of a thread of ours.
func used(tid string) time.Duration {
	text, err := ioutil.ReadFile("/proc/self/task/" + tid + "/schedstat")
	if err != nil {
		return 0
	}
	ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(ns)
}

// Processor time of all threads.
func usedByAll() (sum time.Duration) {
	tasks, err := ioutil.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	for _, task := range tasks {
		sum += used(task.Name())
	}
	return sum
}

var sinks [8]int

func compute(id int) {
	n := id
	for i := 0; i < 1000000; i++ {
		n = n*31 + i
	}
	sinks[id] = n
}

var zero, _ = syscall.Open("/dev/zero", syscall.O_RDONLY, 0)

func read(id int) {
	var block [8192]byte
	for i := 0; i < 1000; i++ {
		// A signal may cut it short.
		if n, err := syscall.Read(zero, block[:]); n <= 0 {
			panic(fmt.Sprint(n, err))
		}
	}
}

// The child has none of the timers, and hands none on to the program.
func fork(id int) {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, nil)
	if err != nil {
		panic(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 0 {
		panic(fmt.Sprint(err, status))
	}
}

// Threads that work until they have used some processor time. What they do is told by the outermost function of ours on their stack.
func short(work func())  { work() }
func middle(work func()) { work() }
func long(work func())   { work() }
func kernel(work func()) { work() }
func forks(work func())  { work() }

// Threads that sleep, in each way there is.
func inChannel(work func()) { work() }
func inPipe(work func())    { work() }
func inSleep(work func())   { work() }

type thread struct {
	name string
	top  func(func())
	step func(int)
	want time.Duration
	used time.Duration
}

// Runs the threads under a profile and answers the samples by outermost function, and how many there are in all.
func profile(threads []*thread, hz int) (samples map[string]int, all int) {
	runtime.SetCPUProfileRate(hz)
	data := make(chan []uintptr)
	go func() {
		var words []uintptr
		for {
			piece := runtime.CPUProfile()
			if piece == nil {
				break
			}
			for i := 0; i+8 <= len(piece); i += 8 {
				words = append(words, *(*uintptr)(unsafe.Pointer(&piece[i])))
			}
		}
		data <- words
	}()
	var wg sync.WaitGroup
	for i, t := range threads {
		i, t := i, t
		wg.Add(1)
		go t.top(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer wg.Done()
			tid := fmt.Sprint(syscall.Gettid())
			for start := used(tid); t.used < t.want; t.used = used(tid) - start {
				t.step(i)
			}
		})
	}
	wg.Wait()
	runtime.SetCPUProfileRate(0)
	words := <-data
	samples = map[string]int{}
	// A header of five words; {0, 1, 0} is the end.
	for w := words[5:]; len(w) > 2 && w[0] != 0; {
		n, pcs := int(w[0]), w[2:2+w[1]]
		w = w[2+len(pcs):]
		all += n
		for i := len(pcs) - 1; i >= 0; i-- {
			if f := runtime.FuncForPC(pcs[i] - 1); f != nil && strings.HasPrefix(f.Name(), "main.") {
				samples[f.Name()] += n
				break
			}
		}
	}
	return samples, all
}

// Is it the time, up to a part in twenty and a little more, and so much less?
func near(sampled, t, slack, less time.Duration) bool {
	return sampled <= t+t/20+slack && sampled+less >= t-t/20-slack
}

func check(procs, hz int, title string, exact bool, slack, less time.Duration) {
	runtime.GOMAXPROCS(procs)
	threads := []*thread{
		{name: "main.short", top: short, step: compute, want: 40 * time.Millisecond},
		{name: "main.middle", top: middle, step: compute, want: 80 * time.Millisecond},
		{name: "main.long", top: long, step: compute, want: 200 * time.Millisecond},
		{name: "main.kernel", top: kernel, step: read, want: 80 * time.Millisecond},
		{name: "main.forks", top: forks, step: fork, want: 40 * time.Millisecond},
	}
	// As the profile's header has it.
	period := time.Duration(1000000/hz) * time.Microsecond
	slack += 2 * period
	before := usedByAll()
	samples, all := profile(threads, hz)
	used := usedByAll() - before
	good := true
	asleep := samples["main.inChannel"] + samples["main.inPipe"] + samples["main.inSleep"]
	if exact {
		for _, t := range threads {
			if sampled := time.Duration(samples[t.name]) * period; !near(sampled, t.used, slack, less) {
				fmt.Println(t.name, "has used", t.used, "and has samples for", sampled)
				good = false
			}
		}
		if sampled := time.Duration(all) * period; !near(sampled, used, slack*4, 0) {
			fmt.Println("all threads have used", used, "and have samples for", sampled)
			good = false
		}
	}
	fmt.Println(title, procs, "the samples are the time used", good)
	fmt.Println(title, procs, "threads that sleep have none", asleep == 0 || !exact)
}

// Whether the program runs on gort.
func onGort() bool {
	exe, err := elf.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	defer exe.Close()
	symbols, err := exe.Symbols()
	if err != nil {
		panic(err)
	}
	for _, s := range symbols {
		if s.Name == "gort_sighandler" {
			return true
		}
	}
	return false
}

func main() {
	exact := onGort()
	asleep := make(chan bool)
	locked := func(work func()) func() {
		return func() {
			runtime.LockOSThread()
			asleep <- true
			work()
		}
	}
	go inChannel(locked(func() { <-make(chan bool) }))
	go inPipe(locked(func() {
		var fds [2]int
		if err := syscall.Pipe(fds[:]); err != nil {
			panic(err)
		}
		syscall.Read(fds[0], make([]byte, 1))
	}))
	go inSleep(locked(func() { syscall.Nanosleep(&syscall.Timespec{Sec: 1000}, nil) }))
	for i := 0; i < 3; i++ {
		<-asleep
	}
	// What a thread has used since the kernel's last look at its timer has no sample. It looks at its ticks, of which there are at least a hundred a second; on a busy
	// machine some may find other threads by chance.
	const tick = 10 * time.Millisecond
	check(4, 1000, "GOMAXPROCS", exact, tick, 4*tick)
	if len(os.Args) > 1 {
		return
	}
	check(1, 500, "GOMAXPROCS", exact, tick, 4*tick)
	check(16, 400, "GOMAXPROCS", exact, tick, 4*tick)
	// No signal may be queued, and none kept ready for a timer. On a busy machine the signals of the one timer that is left may not come to a thread for long: the
	// sum is right all the same.
	const pending = 11
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(pending, &limit); err != nil {
		panic(err)
	}
	if err := syscall.Setrlimit(pending, &syscall.Rlimit{Max: limit.Max}); err != nil {
		panic(err)
	}
	check(2, 500, "without timers of threads, GOMAXPROCS", exact, tick, time.Hour)
	if err := syscall.Setrlimit(pending, &limit); err != nil {
		panic(err)
	}
	// And without preemption signals.
	cmd := exec.Command("/proc/self/exe", "child")
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1")
	out, err := cmd.CombinedOutput()
	fmt.Print("asyncpreemptoff=1\n", string(out))
	if err != nil {
		fmt.Println(err)
	}
}

// Much of what an ordinary program uses at once: fmt, sort, maps, goroutines, select, defer and recover, time.Sleep, os.Args,
// reading a file, encoding/json. Run as: checks checks.txt "second argument"
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/ioutil"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

type Person struct {
	Name    string            `json:"name"`
	Age     int               `json:"age,omitempty"`
	Emails  []string          `json:"emails"`
	Extra   map[string]string `json:"extra,omitempty"`
	Boss    *Person           `json:"boss,omitempty"`
	private int
}

func (p Person) String() string { return fmt.Sprintf("<%s %d>", p.Name, p.Age) }

type byAge []Person

func (x byAge) Len() int           { return len(x) }
func (x byAge) Less(i, j int) bool { return x[i].Age < x[j].Age }
func (x byAge) Swap(i, j int)      { x[i], x[j] = x[j], x[i] }

func printing() {
	fmt.Println("println", 1, -2.5, true, nil, []int{1, 2}, map[string]int{"a": 1}, struct{ A, B int }{1, 2}, &struct{ C string }{"c"}, complex(1, -2))
	fmt.Printf("%d|%5d|%-5d|%05d|%x|%X|%o|%b|%c|%q|%U|%+d\n", 42, 42, 42, 42, 255, 255, 8, 5, 'é', 'x', 0x1F600, 7)
	fmt.Printf("%s|%q|%10s|%-10s|%.2s|%x|% x\n", "str", "quo\"te", "right", "left", "truncate", "hex", "hex")
	fmt.Printf("%f|%.2f|%8.3f|%e|%g|%g|%G\n", 3.14159, 2.71828, 1.5, 123456.789, 1e21, 1e-7, 1e100)
	fmt.Printf("%v|%+v|%#v|%T\n", Person{Name: "x"}, struct{ A int }{1}, []string{"a"}, map[string][]int{})
	fmt.Printf("%t|%v|%d%%|%d|%s\n", true, errors.New("an error"), 5, "wrong verb", 3)
	fmt.Printf("%*d|%6.2f|%v %v|%[2]d %[1]d\n", 5, 42, 1.0, [3]bool{true}, [][]int{{1}, {2, 3}})
	fmt.Println(fmt.Sprint("a", 1, 2, "b", 3.0), fmt.Sprintln("line"))
	var a, b int
	var s string
	n, err := fmt.Sscanf("10 20 word", "%d %d %s", &a, &b, &s)
	fmt.Println(n, err, a, b, s)
}

func sorting() {
	words := strings.Fields("the quick brown fox jumps over the lazy dog")
	sort.Strings(words)
	fmt.Println(words)
	ps := []Person{{Name: "old", Age: 80}, {Name: "young", Age: 8}, {Name: "middle", Age: 40}}
	sort.Sort(byAge(ps))
	fmt.Println(ps)
	sort.Sort(sort.Reverse(byAge(ps)))
	fmt.Println(ps)
	x := make([]int, 1000)
	for i := range x {
		x[i] = i * 7919 % 1009
	}
	sort.Ints(x)
	fmt.Println(sort.IntsAreSorted(x), x[0], x[500], x[999], sort.SearchInts(x, 500))
}

func maps() {
	count := map[rune]int{}
	for _, r := range "hello, wörld" {
		count[r]++
	}
	var keys []int
	for r := range count {
		keys = append(keys, int(r))
	}
	sort.Ints(keys)
	for _, k := range keys {
		fmt.Printf("%c=%d ", k, count[rune(k)])
	}
	fmt.Println()
	m := map[interface{}]string{1: "int", "s": "string", 2.5: "float", [2]int{1, 2}: "array"}
	fmt.Println(m[1], m["s"], m[2.5], m[[2]int{1, 2}], len(m), m["none"] == "")
	delete(m, "s")
	_, ok := m["s"]
	fmt.Println(ok)
}

func goroutines() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for i := 0; i < 100; i++ {
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			time.Sleep(time.Duration(n%5) * time.Millisecond)
			mu.Lock()
			total += n
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	fmt.Println("total", total)

	c, quit := make(chan int), make(chan struct{})
	go func() {
		for i := 0; i < 5; i++ {
			c <- i
			time.Sleep(time.Millisecond)
		}
		close(quit)
	}()
	sum := 0
loop:
	for {
		select {
		case v := <-c:
			sum += v
		case <-quit:
			break loop
		case <-time.After(10 * time.Second):
			fmt.Println("timed out")
			break loop
		}
	}
	fmt.Println("sum", sum)
	select {
	case <-time.After(5 * time.Millisecond):
		fmt.Println("after")
	case <-make(chan int):
	}
	start := time.Now()
	time.Sleep(20 * time.Millisecond)
	d := time.Since(start)
	fmt.Println("slept", d >= 20*time.Millisecond, d < 5*time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	for i := 0; i < 3; i++ {
		<-tick.C
	}
	tick.Stop()
}

func protect(name string, f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: %v (%T)", name, v, v)
		}
	}()
	f()
	return nil
}

func recovering() {
	var m map[string]int
	var p *Person
	var s []int
	var e interface{} = "text"
	zero := 0
	fmt.Println(protect("nil map", func() { m["a"] = 1 }))
	fmt.Println(protect("nil pointer", func() { p.Age++ }))
	fmt.Println(protect("index", func() { s[5]++ }))
	fmt.Println(protect("divide", func() { fmt.Println(1 / zero) }))
	fmt.Println(protect("assertion", func() { fmt.Println(e.(int)) }))
	fmt.Println(protect("custom", func() { panic(fmt.Sprintf("%d", 42)) }))
	fmt.Println(protect("none", func() {}))
	fmt.Printf("%v %s\n", panicky{}, panicky{})
}

type panicky struct{}

func (panicky) String() string { panic("in String") }

func files() {
	fmt.Println(len(os.Args), os.Args[1:])
	data, err := ioutil.ReadFile(os.Args[1])
	if err != nil {
		fmt.Println("cannot read", err)
		return
	}
	fmt.Printf("%d bytes: %q\n", len(data), data[:10])
	f, _ := os.Open(os.Args[1])
	defer f.Close()
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		fmt.Printf("%d: %s\n", n, strings.ToUpper(sc.Text()))
	}
	st, _ := f.Stat()
	fmt.Println(st.Name(), st.Size(), st.Mode().IsRegular())
	_, err = os.Open("no-such-file")
	fmt.Println(err, os.IsNotExist(err))
	tmp, err := ioutil.TempFile("", "gort")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(tmp.Name())
	fmt.Fprintf(tmp, "written %d", 7)
	tmp.Seek(0, 0)
	back, err := ioutil.ReadAll(tmp)
	fmt.Println(string(back), err, tmp.Close())
	os.Setenv("GORT_CHECK", "env value")
	fmt.Println(os.Getenv("GORT_CHECK"), os.Getenv("GORT_UNSET") == "")
}

func jsons() {
	in := Person{"Ann", 30, []string{"a@x", "b@y"}, map[string]string{"z": "1", "k": "<v>"}, &Person{Name: "Bob"}, 9}
	b, err := json.Marshal(in)
	fmt.Println(string(b), err)
	var out Person
	fmt.Println(json.Unmarshal(b, &out), out.Name, out.Age, out.Emails, out.Extra["k"], out.Boss, out.private)
	var any interface{}
	err = json.Unmarshal([]byte(`{"a":[1,2.5,"s",null,true,{"b":{}}],"u":"\u00e9\n","big":1e20}`), &any)
	m := any.(map[string]interface{})
	fmt.Println(err, m["a"], m["u"], m["big"])
	ind, _ := json.MarshalIndent(map[string]interface{}{"x": []int{1, 2}, "n": nil, "f": 1.5}, "", "  ")
	fmt.Println(string(ind))
	fmt.Println(json.Unmarshal([]byte(`{"name": 5}`), &out))
	fmt.Println(json.Unmarshal([]byte(`{"name"`), &out))
	dec := json.NewDecoder(strings.NewReader(`{"name":"one"} {"name":"two"} [1]`))
	for {
		var p Person
		if err := dec.Decode(&p); err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(p)
	}
}

func main() {
	printing()
	sorting()
	maps()
	goroutines()
	recovering()
	files()
	jsons()
	defer fmt.Println("deferred in main")
	fmt.Fprintln(os.Stderr, "to standard error")
}

// Values of all kinds for a debugger to print: cli/tests/tools.rs stops in show.
package main

type point struct{ X, Y int }
type name string
type bag map[name]point
type large struct{ A [40]int }
type code int

func (c code) Error() string { return "code" }

type node struct {
	Next  interface{}
	Value int
}

var (
	text       = "caf\u00e9"
	none       string
	named      = name("named")
	toNamed    = &named
	nilInts    []int
	noInts     = []int{}
	ints       = []int{1, 2, 3}[:2]
	points     = []point{{1, 2}, {3, 4}}
	nilMap     map[string]int
	noMap      = map[string]int{}
	numbers    = map[int]string{1: "one", 2: "two"}
	byPoint    = map[point]*int{{1, 2}: nil}
	byName     = bag{"a": {5, 6}}
	nested     = map[string]map[string][]int{"x": {"y": {1, 2}}}
	byAny      = map[interface{}]interface{}{1: "one"}
	pointers   = map[*large]bool{}
	larges     = map[large]large{}
	growing    = map[int]int{}
	grown      = map[int]int{}
	nilChan    chan int
	ring       = make(chan string, 4)
	closed     = make(chan point, 1)
	waited     = make(chan int)
	noError    error
	anError    error = code(7)
	any        interface{}
	anyInt     interface{} = 5
	anyString  interface{} = "text"
	anyPoint   interface{} = point{7, 8}
	anyPointer interface{} = &points[0]
	anyMap     interface{} = numbers
	anyFunc    interface{}
	anyLocal   interface{}
	loop       interface{}
	list       []interface{}
	function   func()
	nilFunc    func()
)

// The linker drops what nobody uses.
var all = []interface{}{&text, &none, &toNamed, &nilInts, &noInts, &ints, &points, &nilMap, &noMap, &numbers, &byPoint, &byName, &nested, &byAny,
	&nilChan, &noError, &anError, &any, &anyInt, &anyString, &anyPoint, &anyPointer, &anyMap, &anyFunc, &nilFunc}

//go:noinline
func show() {
	println("shown", len(all))
}

func main() {
	function, anyFunc = show, main
	type local struct{ N int }
	anyLocal = local{9}
	loop = &node{nil, 1}
	loop.(*node).Next = loop
	list = []interface{}{1, nil}
	list[1] = list
	var l large
	l.A[39] = 39
	larges[l] = l
	pointers[&l] = true
	// The 105th key begins to move 16 buckets, two at a time.
	for i := 0; i < 105; i++ {
		growing[i] = 3 * i
	}
	for i := 0; i < 1000; i++ {
		grown[i] = 3 * i
	}
	for _, s := range []string{"a", "b", "c", "d", "e"} {
		if s == "e" {
			<-ring
		}
		ring <- s
	}
	close(closed)
	ready := make(chan bool)
	go func() {
		ready <- true
		waited <- 1
	}()
	<-ready
	for i := 0; i < 10; i++ {
		go func() { ready <- true }()
		<-ready
	}
	function()
	<-waited
}

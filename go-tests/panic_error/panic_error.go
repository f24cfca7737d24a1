// panic with an error whose Error method uses defer, maps and concatenation; the report calls it for each panic.
package main

type problem struct {
	parts []string
	n     map[string]int
	tail  string
}

func (p *problem) Error() (s string) {
	defer func() { s += p.tail }()
	for _, x := range p.parts {
		s += x + string('0'+p.n[x])
	}
	return s
}

func main() {
	defer func() {
		e := recover().(*problem)
		println("text:", e.Error())
		e.tail = " at last"
		panic(e)
	}()
	panic(&problem{[]string{"a", "b"}, map[string]int{"a": 3, "b": 4}, "."})
}

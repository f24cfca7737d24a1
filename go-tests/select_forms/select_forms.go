// Every form of select whose outcome is determined: defaults, single cases, receives in each form, evaluation order, assignments to
// places of many kinds, break, closed and nil channels.
package main

var trace string

func ch(name string, c chan int) chan int {
	trace += name
	return c
}

func val(name string, v int) int {
	trace += name
	return v
}

type rec struct {
	f  int
	ok bool
	s  string
}

type big [40]int

func main() {
	// No cases but default; single cases.
	select {
	default:
		println("only default")
	}
	c := make(chan int, 1)
	select {
	case c <- 1:
		println("single send")
	}
	select {
	case v := <-c:
		println("single receive", v)
	}
	c <- 2
	select {
	case v, ok := <-c:
		println("single receive 2", v, ok)
	}
	c <- 3
	select {
	case <-c:
		println("single discard")
	}

	// One case and default.
	select {
	case v := <-c:
		println("wrong", v)
	default:
		println("empty: default")
	}
	select {
	case c <- 4:
		println("sent")
	default:
		println("wrong")
	}
	select {
	case c <- 5:
		println("wrong")
	default:
		println("full: default")
	}
	select {
	case v, ok := <-c:
		println("received", v, ok)
	default:
		println("wrong")
	}
	select {
	case <-c:
		println("wrong")
	default:
		println("default again")
	}
	u := make(chan int)
	select {
	case u <- 1:
		println("wrong")
	default:
		println("no receiver")
	}
	close(u)
	select {
	case v, ok := <-u:
		println("closed", v, ok)
	default:
		println("wrong")
	}

	// Several cases, one ready.
	a, b := make(chan int, 1), make(chan int, 1)
	var nilc chan int
	b <- 6
	select {
	case v := <-a:
		println("wrong", v)
	case v := <-b:
		println("b", v)
	case nilc <- 1:
		println("wrong")
	}
	b <- 7
	select {
	case b <- 1:
		println("wrong")
	case a <- 8:
		println("a sent", len(a), len(b))
	case <-nilc:
		println("wrong")
	default:
		println("wrong")
	}
	select {
	case a <- 1:
		println("wrong")
	case b <- 1:
		println("wrong")
	default:
		println("both full")
	}

	// The same channel in several cases.
	select {
	case a <- 9:
		println("wrong")
	case v := <-a:
		println("same channel", v)
	}
	select {
	case a <- 9:
		println("sent to same", len(a))
	case v := <-a:
		println("wrong", v)
	}
	<-a
	<-b
	a <- 10
	n := 0
	select {
	case v := <-a:
		n = v
	case v := <-a:
		n = v
	case v, _ := <-a:
		n = v
	}
	println("either", n)

	// Receiving into places other than new variables.
	var r rec
	arr := make([]int, 3)
	m := map[string]int{}
	mb := map[string]bool{}
	p := new(int)
	for i := 0; i < 5; i++ {
		a <- 100 + i
		switch i {
		case 0:
			select {
			case r.f, r.ok = <-a:
			case nilc <- 0:
			}
		case 1:
			select {
			case arr[i] = <-a:
			case nilc <- 0:
			}
		case 2:
			select {
			case m["k"], mb["k"] = <-a:
			case nilc <- 0:
			}
		case 3:
			select {
			case *p = <-a:
			default:
			}
		case 4:
			select {
			case _, r.ok = <-a:
			case <-nilc:
			}
		}
	}
	println(r.f, r.ok, arr[1], m["k"], mb["k"], *p)

	// Values of other types.
	sc, bc, ec, ic := make(chan string, 1), make(chan big, 1), make(chan struct{}, 1), make(chan interface{}, 1)
	sc <- "text"
	for i := 0; i < 4; i++ {
		select {
		case r.s = <-sc:
			println("string", r.s)
			bc <- big{39: 7}
		case x := <-bc:
			println("big", x[39])
			ec <- struct{}{}
		case <-ec:
			println("empty")
			ic <- 5
		case x, ok := <-ic:
			println("interface", x.(int), ok)
		}
	}
	var x8 int8
	c8 := make(chan int8, 1)
	select {
	case c8 <- -7:
	case <-nilc:
	}
	select {
	case x8 = <-c8:
	case <-nilc:
	}
	println(x8)

	// All channel and value expressions are evaluated once, in order, whichever case is chosen.
	trace = ""
	d := make(chan int, 1)
	select {
	case ch("A", nil) <- val("B", 1):
	case <-ch("C", nil):
	case ch("D", d) <- val("E", 2):
		trace += "!"
	case ch("F", nil) <- val("G", 3):
	}
	println(trace, <-d)
	trace = ""
	select {
	case arr[val("x", 0)] = <-ch("y", nil):
	default:
		trace += "default"
	}
	println(trace)

	// break leaves the select, labelled break the loop.
	n = 0
loop:
	for {
		select {
		case d <- 1:
			n++
			if n > 0 {
				break
			}
			println("never")
		case <-d:
			n++
			if n > 6 {
				break loop
			}
			continue loop
		}
	}
	println(n)
	func() {
		defer func() { println("recovered:", recover().(string)) }()
		select {
		case u <- 1:
		case <-nilc:
		}
	}()
	f := func() int {
		select {
		case <-u:
			return 1
		case <-nilc:
			return 2
		}
	}
	println(f())
	goto end
end:
	switch {
	case true:
		select {
		default:
			println("in switch")
		}
	}
}

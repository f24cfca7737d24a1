// A panic value of a type without text is shown by its type; strings of named types too.
package main

type point struct{ x, y int }

func main() {
	defer func() {
		p := recover().(point)
		println(p.x, p.y)
		panic(&p)
	}()
	panic(point{3, 4})
}

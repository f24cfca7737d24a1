// The report of panics that replaced each other lists them all, with the kinds of value that panic prints itself.
package main

type errT struct{ a, b int }

func (e errT) Error() string { return "an error value" }

type strT int

func (s strT) String() string { return "a Stringer" }

type plain struct{ x int }

func main() {
	defer func() { panic(complex(1, -2)) }()
	defer func() { panic(uint8(200)) }()
	defer func() { panic(int64(-5)) }()
	defer func() { panic(1.5) }()
	defer func() { panic(true) }()
	defer func() { panic(strT(1)) }()
	defer func() { panic(errT{1, 2}) }()
	defer func() { panic(plain{1}) }()
	defer func() { panic(nil) }()
	defer func() {
		recover()
		panic("recovered the one before")
	}()
	defer func() {
		panic(recover().(string) + " again")
	}()
	defer func() {
		defer func() {
			panic(recover())
		}()
		panic("second")
	}()
	panic("first")
}

// With GOTRACEBACK=0 an uncaught panic prints its value and no traceback.
package main

type errT struct{}

func (errT) Error() string { return "quiet" }

func main() {
	defer func() {
		println("recovered", recover().(error).Error())
		panic("again")
	}()
	panic(errT{})
}

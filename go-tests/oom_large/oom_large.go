// More memory than the system gives: large blocks until the limit that the tests run under. The program ends with a fatal error, not a fault.
package main

var keep [][]byte

func main() {
	for i := 0; i < 100; i++ {
		b := make([]byte, 300<<20)
		// Both ends are usable.
		b[0], b[len(b)-1] = 1, 2
		keep = append(keep, b)
		if i == 5 {
			println("enough for six")
		}
	}
	println("no limit", len(keep))
}

// io.Pipe and os.Pipe: readers and writers in goroutines, closing with errors, big transfers, many pipes at once.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"sync"
)

func main() {
	r, w := io.Pipe()
	go func() {
		for i := 0; i < 5; i++ {
			fmt.Fprintf(w, "message %d\n", i)
		}
		w.Close()
	}()
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		fmt.Println(sc.Text())
	}
	r, w = io.Pipe()
	go w.CloseWithError(errors.New("writer's error"))
	_, err := ioutil.ReadAll(r)
	fmt.Println(err)
	r, w = io.Pipe()
	r.Close()
	_, err = w.Write([]byte("x"))
	fmt.Println(err)

	pr, pw, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	const size = 1 << 20
	go func() {
		b := make([]byte, 1000)
		for n := 0; n < size; n += len(b) {
			for i := range b {
				b[i] = byte(n/1000 + i)
			}
			if size-n < len(b) {
				b = b[:size-n]
			}
			pw.Write(b)
		}
		pw.Close()
	}()
	data, err := ioutil.ReadAll(pr)
	sum := 0
	for _, c := range data {
		sum += int(c)
	}
	fmt.Println(len(data), err, sum)
	pr.Close()
	_, err = pr.Read(make([]byte, 1))
	fmt.Println(err)

	// Goroutines blocked in read system calls do not keep the others from running.
	var wg sync.WaitGroup
	var ws []*os.File
	got := make([]string, 10)
	for i := range got {
		pr, pw, err := os.Pipe()
		if err != nil {
			fmt.Println(err)
			return
		}
		ws = append(ws, pw)
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			b, _ := ioutil.ReadAll(pr)
			got[i] = string(b)
			pr.Close()
		}(i)
	}
	for i, w := range ws {
		fmt.Fprintf(w, "pipe %d", i)
		w.Close()
	}
	wg.Wait()
	fmt.Println(got)
	// A chain of filters.
	var in io.Reader
	start, first := io.Pipe()
	in = start
	for i := 0; i < 20; i++ {
		r, w := io.Pipe()
		go func(in io.Reader) {
			b := make([]byte, 7)
			for {
				n, err := in.Read(b)
				for k := range b[:n] {
					b[k]++
				}
				w.Write(b[:n])
				if err != nil {
					w.Close()
					return
				}
			}
		}(in)
		in = r
	}
	go func() {
		io.WriteString(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:20])
		first.Close()
	}()
	out, err := ioutil.ReadAll(in)
	fmt.Println(string(out), err)
}

// An HTTP server and client in one process over the loopback: several requests at once, headers, forms, JSON, redirects, errors.
package main

import (
	"encoding/json"
	"fmt"
	"io/ioutil"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Test", "header value")
		fmt.Fprintf(w, "hello, %s", r.URL.Query().Get("name"))
	})
	mux.HandleFunc("/form", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Method, r.FormValue("k"))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]interface{}{"path": r.URL.Path, "n": 5})
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(strings.Repeat("0123456789", 50000)))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := ioutil.ReadAll(r.Body)
		w.Write([]byte(strings.ToUpper(string(b))))
	})
	mux.Handle("/old", http.RedirectHandler("/hello?name=redirected", http.StatusFound))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go http.Serve(l, mux)
	base := "http://" + l.Addr().String()

	show := func(resp *http.Response, err error) {
		if err != nil {
			fmt.Println("error:", err)
			return
		}
		defer resp.Body.Close()
		b, err := ioutil.ReadAll(resp.Body)
		s := strings.TrimSpace(string(b))
		if len(s) > 60 {
			s = fmt.Sprintf("%s... %d bytes", s[:10], len(s))
		}
		fmt.Println(resp.StatusCode, s, err, resp.Header.Get("X-Test"))
	}
	show(http.Get(base + "/hello?name=world"))
	show(http.PostForm(base+"/form", url.Values{"k": {"a value & more"}}))
	show(http.Get(base + "/json"))
	show(http.Get(base + "/big"))
	show(http.Get(base + "/none"))
	show(http.Get(base + "/old"))
	show(http.Post(base+"/echo", "text/plain", strings.NewReader(strings.Repeat("abc", 10))))
	show(http.Post(base+"/echo", "text/plain", strings.NewReader(strings.Repeat("abc", 100000))))

	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			resp, err := http.Get(fmt.Sprintf("%s/hello?name=n%d", base, i))
			if err != nil {
				fmt.Println(err)
				return
			}
			b, _ := ioutil.ReadAll(resp.Body)
			resp.Body.Close()
			if string(b) == fmt.Sprintf("hello, n%d", i) {
				mu.Lock()
				good++
				mu.Unlock()
			}
		}(i)
	}
	wg.Wait()
	fmt.Println("good", good)
	l.Close()
}

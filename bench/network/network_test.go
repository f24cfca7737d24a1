// Package network measures connections over the loopback interface.
package network

import (
	"io"
	"io/ioutil"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// listen returns a listener on a free port of the loopback interface.
func listen(b *testing.B) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return listener
}

// echo sends back what comes, with a deadline for each step.
func echo(connection net.Conn) {
	defer connection.Close()
	var buffer [64]byte
	for {
		connection.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := connection.Read(buffer[:])
		if err != nil {
			return
		}
		connection.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := connection.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// BenchmarkEcho64 sends 64 bytes to and fro on 64 connections at once, with deadlines on both sides; an operation is one
// round trip.
func BenchmarkEcho64(b *testing.B) {
	const connections = 64
	listener := listen(b)
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(connection)
		}
	}()
	var clients [connections]net.Conn
	for i := range clients {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer client.Close()
		clients[i] = client
	}
	var done sync.WaitGroup
	b.ResetTimer()
	for i, client := range clients {
		done.Add(1)
		go func(i int, client net.Conn) {
			defer done.Done()
			var buffer [64]byte
			for ; i < b.N; i += connections {
				client.SetDeadline(time.Now().Add(time.Minute))
				if _, err := client.Write(buffer[:]); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(client, buffer[:]); err != nil {
					b.Error(err)
					return
				}
			}
		}(i, client)
	}
	done.Wait()
	b.StopTimer()
}

// BenchmarkHTTP16 requests a small page over kept connections from 16 clients at once; an operation is one request.
func BenchmarkHTTP16(b *testing.B) {
	const clients = 16
	listener := listen(b)
	defer listener.Close()
	page := []byte("hello, world\n")
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(page)
	}))
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	address := "http://" + listener.Addr().String() + "/"
	var done sync.WaitGroup
	b.ResetTimer()
	for c := 0; c < clients; c++ {
		done.Add(1)
		go func(c int) {
			defer done.Done()
			for i := c; i < b.N; i += clients {
				response, err := client.Get(address)
				if err != nil {
					b.Error(err)
					return
				}
				body, err := ioutil.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || len(body) != len(page) {
					b.Error("a page of ", len(body), " bytes; ", err)
					return
				}
			}
		}(c)
	}
	done.Wait()
	b.StopTimer()
}

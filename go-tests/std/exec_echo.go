// os/exec, os.Process and pipes between processes: output, input, environment, exit status, many children at once.
package main

import (
	"bytes"
	"fmt"
	"io/ioutil"
	"os"
	"os/exec"
	"strings"
	"sync"
)

func main() {
	out, err := exec.Command("/bin/echo", "hello", "from a child").Output()
	fmt.Printf("%q %v\n", out, err)
	fmt.Println(exec.Command("/bin/true").Run(), exec.Command("/bin/false").Run())
	cmd := exec.Command("/bin/cat")
	cmd.Stdin = strings.NewReader("through cat\n")
	var b bytes.Buffer
	cmd.Stdout = &b
	fmt.Println(cmd.Run(), b.String())
	cmd = exec.Command("/bin/sh", "-c", "echo $GORT_VAR; echo err >&2; exit 7")
	cmd.Env = []string{"GORT_VAR=set for the child"}
	out, err = cmd.CombinedOutput()
	fmt.Printf("%q %v\n", out, err)
	_, err = exec.Command("/no/such/program").Output()
	fmt.Println(err)
	cmd = exec.Command("/bin/cat")
	in, _ := cmd.StdinPipe()
	o, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		for i := 0; i < 5; i++ {
			fmt.Fprintln(in, "line", i)
		}
		in.Close()
	}()
	all, err := ioutil.ReadAll(o)
	fmt.Printf("%q %v %v %v\n", all, err, cmd.Wait(), cmd.ProcessState.Success())
	var wg sync.WaitGroup
	res := make([]string, 8)
	for i := range res {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			out, err := exec.Command("/bin/echo", "child", fmt.Sprint(i)).Output()
			res[i] = fmt.Sprintf("%s%v", bytes.TrimSpace(out), err)
		}(i)
	}
	wg.Wait()
	fmt.Println(res)
	cmd = exec.Command("/bin/sleep", "100")
	fmt.Println(cmd.Start(), cmd.Process.Kill(), cmd.Wait())
	fmt.Println(os.Getpid() > 0)
}

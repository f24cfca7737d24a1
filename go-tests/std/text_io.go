// bufio, bytes, strings, strconv and unicode over files and in-memory readers.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

func main() {
	w := bufio.NewWriterSize(os.Stdout, 64)
	defer w.Flush()
	text := strings.Repeat("alpha beta\tgamma\n", 3) + "Δέλτα last"
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Split(bufio.ScanWords)
	n := 0
	for sc.Scan() {
		n++
		fmt.Fprint(w, strings.Title(sc.Text()), " ")
	}
	fmt.Fprintln(w, n)
	r := bufio.NewReader(strings.NewReader(text))
	for {
		line, err := r.ReadString('\n')
		fmt.Fprintf(w, "%q %v\n", line, err)
		if err == io.EOF {
			break
		}
	}
	ru := bufio.NewReader(strings.NewReader("é世\xff"))
	for {
		c, size, err := ru.ReadRune()
		if err != nil {
			break
		}
		fmt.Fprint(w, c, ":", size, " ")
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, strings.Split("a,b,,c", ","), strings.SplitN("a,b,c", ",", 2), strings.Join([]string{"x", "y"}, "--"), strings.Replace("aaaa", "a", "b", 2))
	fmt.Fprintln(w, strings.Index("chicken", "ken"), strings.LastIndex("go gopher", "go"), strings.Contains("seafood", "foo"), strings.Count("cheese", "e"),
		strings.HasPrefix("prefix", "pre"), strings.TrimFunc("123abc456", unicode.IsDigit), strings.Map(unicode.ToUpper, "mixed Éé"))
	fmt.Fprintln(w, strings.EqualFold("Straße", "STRAßE"), strings.ToLower("ÀB"), strings.Fields("  a  b "), strings.TrimLeft("xxabc", "x"))
	rep := strings.NewReplacer("<", "&lt;", ">", "&gt;")
	fmt.Fprintln(w, rep.Replace("<b>bold</b>"))
	var b bytes.Buffer
	for i := 0; i < 1000; i++ {
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(' ')
	}
	fmt.Fprintln(w, b.Len(), bytes.Count(b.Bytes(), []byte("9")))
	io.CopyN(w, &b, 20)
	fmt.Fprintln(w)
	for _, s := range []string{"42", "-7", "0x1f", "99999999999999999999", "abc", ""} {
		v, err := strconv.ParseInt(s, 0, 64)
		fmt.Fprintln(w, v, err)
	}
	for _, s := range []string{"3.25", "1e-400", "1e400", "NaN", "-Inf", "x"} {
		v, err := strconv.ParseFloat(s, 64)
		fmt.Fprintln(w, v, err)
	}
	fmt.Fprintln(w, strconv.Quote("tab\t\"q\" é \x00"), strconv.FormatFloat(1.0/3, 'g', -1, 32), strconv.FormatInt(-255, 36))
	tw := tabwriter.NewWriter(w, 0, 8, 1, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprintln(tw, "a\tbbb\tc")
	fmt.Fprintln(tw, "aaaa\tb\tccccc")
	tw.Flush()
	mr := io.MultiReader(strings.NewReader("one "), strings.NewReader("two "), io.LimitReader(strings.NewReader("three"), 2))
	var tee bytes.Buffer
	io.Copy(w, io.TeeReader(mr, &tee))
	fmt.Fprintln(w, tee.Len())
}

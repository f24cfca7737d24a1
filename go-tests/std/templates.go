// text/template and html/template: reflection on structs, maps, methods and functions, with pipelines, ranges and errors.
package main

import (
	"fmt"
	html "html/template"
	"os"
	"strings"
	"text/template"
)

type Item struct {
	Name  string
	Price float64
	Tags  []string
}

func (i Item) Total(n int) float64   { return i.Price * float64(n) }
func (i *Item) Pointer() string      { return "*" + i.Name }
func (i Item) Fail() (string, error) { return "", fmt.Errorf("failing on purpose") }

const page = `{{define "item"}}{{.Name | upper}}: {{printf "%.2f" .Price}}{{range $i, $t := .Tags}}{{if $i}},{{else}} {{end}}{{$t}}{{end}}{{end -}}
{{/* a comment */}}{{range .Items}}{{template "item" .}} x2={{.Total 2}} {{.Pointer}}
{{else}}nothing
{{end}}{{with .Meta}}{{.key}} {{index . "key"}} {{len .}}{{end}}
{{if and .Yes (not .No)}}yes{{end}} {{eq .N 5}} {{lt .N 3}} {{join .Words "-"}} {{.Fn}} {{range $k, $v := .Meta}}{{$k}}={{$v}};{{end}}
`

func main() {
	funcs := template.FuncMap{"upper": strings.ToUpper, "join": strings.Join}
	src := strings.Replace(page, "{{end -}}\n", "{{end}}", 1)
	t, err := template.New("page").Funcs(funcs).Parse(src)
	if err != nil {
		fmt.Println(err)
		return
	}
	data := map[string]interface{}{
		"Items": []*Item{{"apple", 1.25, []string{"red", "round"}}, {"pear", 2, nil}},
		"Meta":  map[string]string{"key": "value", "another": "<x>"},
		"Yes":   true, "No": false, "N": 5, "Words": []string{"a", "b"}, "Fn": func() string { return "func" },
	}
	data["Fn"] = "plain"
	fmt.Println(t.Execute(os.Stdout, data))
	fmt.Println(t.Execute(os.Stdout, map[string]interface{}{"Words": []string{}, "N": 1}))
	e := template.Must(template.New("e").Parse("before {{.Fail}} after\n"))
	fmt.Println(e.Execute(os.Stdout, Item{}))
	_, err = template.New("bad").Parse("{{if}}")
	fmt.Println(err)
	h := html.Must(html.New("h").Parse(`<a href="/s?q={{.}}" title="{{.}}" onclick="f({{.}})">{{.}}</a>` + "\n"))
	fmt.Println(h.Execute(os.Stdout, `<b>"x" & 'y'</b>`))
}

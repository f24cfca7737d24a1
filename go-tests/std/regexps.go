// regexp: matching, submatches, replacement, splitting, and a pattern that would take for ever by backtracking.
package main

import (
	"fmt"
	"regexp"
	"strings"
)

func main() {
	re := regexp.MustCompile(`(\w+)@(\w+)\.(com|org)`)
	text := "ann@example.com, bob@test.org; nobody@nowhere carl@site.com"
	fmt.Println(re.FindAllString(text, -1), re.FindStringSubmatch(text), re.FindAllStringSubmatchIndex(text, 2))
	fmt.Println(re.ReplaceAllString(text, "$2:$1"), re.NumSubexp(), re.MatchString("x@y.net"))
	fmt.Println(re.ReplaceAllStringFunc(text, strings.ToUpper))
	fmt.Println(regexp.MustCompile(`[,;\s]+`).Split(text, -1))
	named := regexp.MustCompile(`(?P<year>\d{4})-(?P<month>\d\d)`)
	fmt.Println(named.SubexpNames(), named.ReplaceAllString("on 2015-08 and 2016-02", "${month}/${year}"))
	long := strings.Repeat("a", 2000)
	fmt.Println(regexp.MustCompile(strings.Repeat("a?", 50)+strings.Repeat("a", 50)).MatchString(long[:50]), len(regexp.MustCompile(`(a|aa)+$`).FindString(long)))
	_, err := regexp.Compile(`a(b`)
	fmt.Println(err)
	fmt.Println(regexp.MustCompile(`(?i)straße|[^\x00-\x7f]+`).FindAllString("STRASSE Straße 世界", -1))
	fmt.Println(regexp.QuoteMeta("a.b*c"), regexp.MustCompile(`^(?:(\d+)|(\w+))$`).FindStringSubmatch("word"))
	m := regexp.MustCompile(`(?m)^#\s*(.*)$`).FindAllStringSubmatch("# one\ntext\n#two\n", -1)
	fmt.Println(len(m), m[0][1], m[1][1])
}

package transfer

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

var (
	anyTag    = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
	gaps      = regexp.MustCompile(`\n{3,}`)
	beginLine = map[string]string{"p": "\n\n", "div": "\n", "br": "\n", "li": "\n- ", "h1": "\n\n", "h2": "\n\n", "h3": "\n\n", "tr": "\n", "blockquote": "\n\n", "pre": "\n\n", "ul": "\n", "ol": "\n"}
)

// plainText is the text of HTML, and any other text as it is. The addresses of links
// stand behind them.
func plainText(text string) string {
	if !anyTag.MatchString(text) {
		return strings.TrimSpace(text)
	}
	var plain strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(text))
	address, hidden := "", false
	for {
		switch tokens.Next() {
		case html.ErrorToken: // the end
			return strings.TrimSpace(gaps.ReplaceAllString(plain.String(), "\n\n"))
		case html.TextToken:
			if !hidden {
				plain.WriteString(string(tokens.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := tokens.TagName()
			tag := string(name)
			hidden = tag == "script" || tag == "style"
			plain.WriteString(beginLine[tag])
			for more {
				var key, value []byte
				if key, value, more = tokens.TagAttr(); tag == "a" && string(key) == "href" {
					address = string(value)
				} else if string(key) == "data-checked" {
					plain.WriteString(map[bool]string{true: "[x] ", false: "[ ] "}[string(value) == "true"])
				}
			}
		case html.EndTagToken:
			hidden = false
			if name, _ := tokens.TagName(); string(name) == "a" && address != "" {
				if !strings.HasSuffix(plain.String(), address) {
					plain.WriteString(" (" + address + ")")
				}
				address = ""
			}
		}
	}
}

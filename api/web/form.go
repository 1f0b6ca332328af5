package web

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tickler/internal/fault"
)

// Form is what was typed into a form and what is wrong with it.
type Form struct {
	Values url.Values
	Error  *fault.Error
	// As maps names of fields of operations to those of the form, where they differ.
	As map[string]string
}

// Posted reads the form of a request, encoded in either way that browsers do.
func Posted(c *gin.Context) url.Values {
	if strings.HasPrefix(c.ContentType(), "multipart/") {
		return url.Values{} // such a form has a file, which its own handler reads
	}
	if err := c.Request.ParseForm(); err != nil {
		return url.Values{}
	}
	return c.Request.PostForm
}

// Seal is the field that ties a form to the session for which it was made. Such a form
// is of no use in another.
const Seal = "seal"

// Value returns what was typed into a field.
func (f Form) Value(name string) string { return f.Values.Get(name) }

// Is reports whether a field has a value, of a choice for example.
func (f Form) Is(name, value string) bool { return slices.Contains(f.Values[name], value) }

// At returns what is wrong with a field, "" if nothing is.
func (f Form) At(name string) string {
	if f.Error == nil || f.field() != name {
		return ""
	}
	return Sentence(f.Error)
}

// Elsewhere returns what is wrong that belongs to none of these fields.
func (f Form) Elsewhere(names ...string) string {
	if f.Error == nil || slices.Contains(names, f.field()) {
		return ""
	}
	return Sentence(f.Error)
}

func (f Form) field() string { return cmp.Or(f.As[f.Error.Field], f.Error.Field) }

// Sentence is an error as a person reads it beside a field: without the field's
// name, and with what to do next.
func Sentence(e *fault.Error) string {
	text := e.Message
	if rest, found := strings.CutPrefix(text, e.Field+" "); found && e.Field != "" {
		if text = rest; strings.IndexFunc(rest, unicode.IsLetter) == 0 {
			text = "this " + rest
		}
		text = strings.TrimPrefix(text, "this is wrong: ") // what is wrong follows
	}
	if e.Hint != "" && !strings.Contains(e.Hint, "_") { // others are for agents: they name tools
		text += "; " + e.Hint
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// sent lists the fields of the form of a request. What a person did not type is
// hidden.
func sent(c *gin.Context) []kept {
	var all []kept
	values := Posted(c)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			typed := value != "" && slices.Contains([]string{"text", "title", "description", "name"}, name)
			all = append(all, kept{Name: name, Value: value, Hidden: !typed})
		}
	}
	return all
}

// backTo is where the forms of a page lead back to: the page itself, or where the
// form led to that was sent. Only a path of this server is accepted.
func backTo(c *gin.Context) string {
	to := c.Request.URL.RequestURI()
	if c.Request.Method != "GET" && c.Request.Method != "HEAD" {
		to = Posted(c).Get("back")
	}
	return Local(to)
}

// Local returns a path of this server as it is, and / in place of anything that a
// browser could take for another server.
func Local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsFunc(to, func(r rune) bool { return r == '\\' || r <= ' ' || r == 0x7f }) {
		return "/"
	}
	return to
}

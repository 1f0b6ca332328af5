// Package web is the page: the transport for people. It renders HTML on the server
// and calls the same operations as MCP and REST. Every write is a form that works
// without script: POST, redirect, GET. Handlers of other packages, such as those of
// sign-in, render through Pages too.
package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/api/problem"
	"tickler/internal/fault"
)

//go:embed templates/*.html
var templates embed.FS

// Page is what a template is given. Data is the template's own.
type Page struct {
	Title   string   // of the document; "Tickler" is added
	Current string   // path of the entry of the navigation that is shown as current
	Alone   bool     // a single panel without navigation, as where nobody is signed in
	Scripts []string // further scripts, by their names among the assets
	LeadsTo string   // another server that its forms may lead to, as a source of the Content-Security-Policy
	Back    string   // where the forms of the page lead back to; Show sets it
	Menu    Menu     // Show sets it
	Said    *Said    // what just happened; Show sets it from what Say left
	Answer  bool     // it answers a form, and may hold what is shown only once; Show sets it
	Data    any
}

// Menu is what the navigation shows beside its fixed entries.
type Menu struct{ Categories []Place }

// Place is a link to a list of tasks.
type Place struct{ Name, Path string }

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	operations *operation.Operations
	sets       map[string]*template.Template // by the name of their file, without .html
	assets     *assets
	cookies    Cookies
}

// NewPages parses the templates. It panics if one is wrong, which any test finds.
func NewPages(operations *operation.Operations, cookies Cookies) *Pages {
	p := &Pages{operations: operations, sets: map[string]*template.Template{}, assets: newAssets(), cookies: cookies}
	shared := template.Must(template.New("layout").Funcs(functions(p.assets)).ParseFS(templates, "templates/layout.html", "templates/parts.html"))
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name != "layout" && name != "parts" {
			p.sets[name] = template.Must(template.Must(shared.Clone()).ParseFS(templates, file))
		}
	}
	return p
}

// contentPolicy admits what comes from this server, and nothing that stands in the
// document itself. https://www.w3.org/TR/CSP3/
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Show answers with a page. name is that of a template, which defines "content".
func (p *Pages) Show(c *gin.Context, status int, name string, page Page) {
	ctx := c.Request.Context()
	if !page.Alone {
		page.Menu = p.menu(ctx)
		page.Said = p.heard(c)
	}
	if page.Back == "" {
		page.Back = backTo(c)
	}
	page.Answer = c.Request.Method == http.MethodPost
	var text bytes.Buffer
	if err := p.sets[name].ExecuteTemplate(&text, "layout", page); err != nil {
		problem.Refuse(c, p.operations.Visible(ctx, "page "+name, fmt.Errorf("render: %w", err)))
		return
	}
	policy := contentPolicy
	if page.LeadsTo != "" {
		policy = strings.Replace(policy, "form-action 'self'", "form-action 'self' "+page.LeadsTo, 1)
	}
	send(c, status, policy, text.Bytes())
}

func send(c *gin.Context, status int, policy string, text []byte) {
	protect(c, policy)
	c.Data(status, htmlType, text)
}

const htmlType = "text/html; charset=utf-8"

// protect sets the headers of a page.
func protect(c *gin.Context, policy string) {
	c.Header("Content-Security-Policy", policy)
	// With no-referrer, browsers would send forms with the Origin null. To other
	// sites this sends no more than that.
	c.Header("Referrer-Policy", "same-origin")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Vary", "Cookie")
}

// Part answers with a part of a page, for the script. name is that of a shared
// template.
func (p *Pages) Part(c *gin.Context, name string, data any) {
	var text bytes.Buffer
	if err := p.sets["again"].ExecuteTemplate(&text, name, data); err != nil {
		problem.Refuse(c, p.operations.Visible(c.Request.Context(), "part "+name, fmt.Errorf("render: %w", err)))
		return
	}
	send(c, http.StatusOK, contentPolicy, text.Bytes())
}

// menu returns the person's categories. A page is shown without them rather than
// not at all: what is wrong shows in its content.
func (p *Pages) menu(ctx context.Context) Menu {
	all, err := p.operations.Categories(ctx)
	if err != nil {
		return Menu{}
	}
	var menu Menu
	for _, one := range all {
		menu.Categories = append(menu.Categories, Place{Name: one.Name, Path: "/category/" + id(one.ID)})
	}
	return menu
}

// call runs an operation for the caller in the context. arguments marshals to a
// JSON object; nil is an empty one.
func call[Answer any](ctx context.Context, operations *operation.Operations, name string, arguments any) (Answer, error) {
	var none Answer
	user, err := operation.User(ctx)
	if err != nil {
		return none, err
	}
	raw := json.RawMessage("{}")
	if arguments != nil {
		if raw, err = json.Marshal(arguments); err != nil {
			return none, fmt.Errorf("arguments of %s: %w", name, err)
		}
	}
	given, err := operations.Named(name).Call(ctx, user, raw)
	if err != nil {
		return none, err
	}
	answer, ok := given.(Answer)
	if !ok { // who may not read is answered in another form, and is let in nowhere here
		return none, &fault.Error{Code: fault.Forbidden, Message: "the page is for who may read"}
	}
	return answer, nil
}

// Fail answers with a page about an error. A form that was sent is shown again, to
// be sent once more: nothing that was typed is lost.
func (p *Pages) Fail(c *gin.Context, what string, err error) {
	e := p.operations.Visible(c.Request.Context(), what, err)
	if e.Code == fault.Unavailable || e.Code == fault.RateLimited {
		c.Header("Retry-After", "5")
	}
	p.Again(c, problem.StatusOf(e.Code), failures[e.Code], e)
}

// failures are what pages about errors are called.
var failures = map[fault.Code]string{
	fault.NotFound: "There is nothing here", fault.Unavailable: "Not now", fault.Conflict: "That did not fit",
	fault.InvalidInput: "That did not work", fault.LimitExceeded: "That is too much", fault.RateLimited: "Too fast",
	fault.Forbidden: "Not allowed", fault.Internal: "Something went wrong", fault.Unauthorized: "Not signed in",
}

// kept is a field of a form that was sent.
type kept struct {
	Name, Value string
	Hidden      bool
}

// Again answers with a page that says what is wrong and holds the form that was
// sent, if one was, to be sent once more.
func (p *Pages) Again(c *gin.Context, status int, title string, e *fault.Error) {
	data := struct {
		Error  *fault.Error
		Action string
		Kept   []kept
	}{Error: e}
	if c.Request.Method == http.MethodPost {
		data.Action, data.Kept = c.Request.URL.RequestURI(), sent(c)
	}
	_, err := operation.User(c.Request.Context())
	p.Show(c, status, "again", Page{Title: title, Alone: err != nil, Data: data})
}

package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// growingTimeout is how long a browser may take for each part of a page that grows.
const growingTimeout = 15 * time.Second

// Growing is a page that is sent while its work goes on, so that a person sees how
// far it has come, also without script. The content of its template calls the
// template "grows" where the parts go.
type Growing struct {
	pages *Pages
	c     *gin.Context
	name  string
	after []byte // what follows the parts
}

// grows is what a template is given that grows: a mark where the parts go.
type grows struct {
	Mark string
	Data any
}

// Grow begins to answer with a page that grows. The status has been sent then, so a part
// must tell of later errors.
func (p *Pages) Grow(c *gin.Context, name string, page Page) (*Growing, error) {
	page.Menu, page.Back = p.menu(c.Request.Context()), backTo(c)
	mark := rand.Text()
	page.Data = grows{mark, page.Data}
	var text bytes.Buffer
	if err := p.sets[name].ExecuteTemplate(&text, "layout", page); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	before, after, found := bytes.Cut(text.Bytes(), []byte(mark))
	if !found {
		return nil, fmt.Errorf("the template %s does not say where it grows", name)
	}
	protect(c, contentPolicy)
	c.Header("Content-Type", htmlType)
	c.Status(http.StatusOK)
	g := &Growing{p, c, name, after}
	return g, g.write(before)
}

// Add sends a part: a template of the page's file.
func (g *Growing) Add(part string, data any) error {
	var text bytes.Buffer
	if err := g.pages.sets[g.name].ExecuteTemplate(&text, part, data); err != nil {
		return fmt.Errorf("render %s: %w", part, err)
	}
	return g.write(text.Bytes())
}

// End sends the rest of the page.
func (g *Growing) End() error { return g.write(g.after) }

func (g *Growing) write(text []byte) error {
	if _, err := g.c.Writer.Write(text); err != nil {
		return err
	}
	g.flush()
	return nil
}

func (g *Growing) flush() {
	_ = http.NewResponseController(g.c.Writer).SetWriteDeadline(time.Now().Add(growingTimeout)) // a recorder in a test has none
	g.c.Writer.Flush()
}

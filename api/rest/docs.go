package rest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
)

var (
	//go:embed docs.html
	page string
	//go:embed docs.css
	style string
)

// describe serves the document as JSON for programs and as a page for people. The
// page is self-contained: no script, nothing from other hosts.
func describe(router *gin.Engine, d *document) {
	text := encode(d)
	var html bytes.Buffer
	page := template.Must(template.New("docs").Funcs(template.FuncMap{"json": func(v any) string {
		indented, _ := json.MarshalIndent(v, "", "  ") // schemas always marshal
		return string(indented)
	}}).Parse(page))
	if err := page.Execute(&html, map[string]any{"Document": d, "Groups": groups(d), "Style": template.CSS(style)}); err != nil {
		panic(err) // a mistake in the template, found by any test
	}
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	router.Match(guard.Reading, "/openapi.json", func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/openapi+json", text)
	})
	router.Match(guard.Reading, "/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", policy)
		c.Data(http.StatusOK, "text/html; charset=utf-8", html.Bytes())
	})
}

// group is one section of the page: the operations with one tag.
type group struct {
	tag
	Operations []shown
}

type shown struct {
	Method, Path string
	*described
}

func groups(d *document) []group {
	var all []group
	for _, about := range d.Tags {
		g := group{tag: about}
		for path, methods := range d.Paths {
			for method, one := range methods {
				if slices.Contains(one.Tags, about.Name) {
					g.Operations = append(g.Operations, shown{strings.ToUpper(method), path, one})
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b shown) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
		all = append(all, g)
	}
	return all
}

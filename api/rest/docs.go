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

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

var (
	//go:embed docs.html
	page string
	//go:embed docs.css
	style string
)

// describe serves the document, for programs and for people. The page is whole
// in itself: it needs no script, and nothing from elsewhere.
func describe(router *gin.Engine, document *huma.OpenAPI) {
	text := encode(document)
	var read read
	if err := json.Unmarshal(text, &read); err != nil {
		panic(err) // it has just been written
	}
	var html bytes.Buffer
	page := template.Must(template.New("docs").Funcs(template.FuncMap{"json": func(v any) string {
		indented, _ := json.MarshalIndent(v, "", "  ") // it was JSON before
		return string(indented)
	}}).Parse(page))
	if err := page.Execute(&html, map[string]any{"Document": read, "Groups": read.groups(), "Style": template.CSS(style)}); err != nil {
		panic(err) // a mistake in the template, found by any test
	}
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	router.GET("/openapi.json", func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/openapi+json", text)
	})
	router.GET("/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", policy)
		c.Data(http.StatusOK, "text/html; charset=utf-8", html.Bytes())
	})
}

// read is what the page shows of a document.
type read struct {
	Info struct{ Title, Version, Description string }
	Tags []struct{ Name, Description string }
	// Paths are operations by path and method.
	Paths      map[string]map[string]shown
	Components struct{ Schemas map[string]any }
}

type shown struct {
	Method, Path         string
	OperationID          string
	Summary, Description string
	Tags                 []string
	Parameters           []struct {
		Name, In, Description string
		Required              bool
		Schema                any
	}
	RequestBody struct {
		Content map[string]struct{ Schema any }
	}
	Responses map[string]struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]struct{ Schema any }
	}
}

type group struct {
	Name, Description string
	Operations        []shown
}

func (d read) groups() []group {
	var all []group
	for _, tag := range d.Tags {
		g := group{Name: tag.Name, Description: tag.Description}
		for path, methods := range d.Paths {
			for method, one := range methods {
				if slices.Contains(one.Tags, tag.Name) {
					one.Method, one.Path = strings.ToUpper(method), path
					for status, response := range one.Responses {
						if response.Ref != "" {
							delete(one.Responses, status) // told once, above
						}
					}
					g.Operations = append(g.Operations, one)
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b shown) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
		all = append(all, g)
	}
	return all
}

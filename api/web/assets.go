package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages load: style, scripts and icon. Their addresses
// contain a digest of their content, so that browsers may keep them.
type assets struct {
	files   map[string]asset  // by the name in the address: look-1a2b3c4d.css
	address map[string]string // by the plain name: look.css
}

type asset struct {
	kind string
	text []byte
}

func newAssets() *assets {
	a := &assets{files: map[string]asset{}, address: map[string]string{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded
	}
	for _, entry := range entries {
		text, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err) // embedded
		}
		sum := sha256.Sum256(text)
		extension := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), extension) + "-" + hex.EncodeToString(sum[:4]) + extension
		a.files[name] = asset{kind: kindOf(extension), text: text}
		a.address[entry.Name()] = "/assets/" + name
	}
	return a
}

// kindOf is the media type of a file: the machine's own table may lack some.
func kindOf(extension string) string {
	switch extension {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(extension)
}

// named returns the address of an asset. It panics if there is none.
func (a *assets) named(name string) string {
	address, there := a.address[name]
	if !there {
		panic("there is no asset " + name) // a mistake in a template, found by any test
	}
	return address
}

// serve answers requests for assets. They hold nothing of anybody's, so no session
// is needed.
func (a *assets) serve(c *gin.Context) {
	one, there := a.files[c.Param("file")]
	if !there {
		c.Status(http.StatusNotFound)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Data(http.StatusOK, one.kind, one.text)
}

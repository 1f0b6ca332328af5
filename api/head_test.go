package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a person opens is asked by HEAD too: by programs that show a preview of a link,
// and by monitors.
func TestWhatAPersonReadsAnswersHEADAsGETWithoutABody(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	// Some GETs are more than reading: they begin a step, go on for minutes, or read all
	// that there is.
	only := []string{"/live", "/settings/export", "/oauth/authorize", "/sign-in/with/:issuer", "/sign-in/back"}
	open := []string{"/docs", "/openapi.json", "/asyncapi.yaml", "/.well-known/oauth-protected-resource"}
	asked := 0
	for _, one := range h.routes {
		if one.Method != http.MethodGet || slices.Contains(only, one.Path) || door(one.Path) == notThePage && !slices.Contains(open, one.Path) {
			continue
		}
		path := strings.NewReplacer(":id", "1", ":secret", "x", ":file", "look.css").Replace(one.Path)
		get, head := b.visit(http.MethodGet, path, nil), b.visit(http.MethodHead, path, nil)
		require.Equal(t, get.status, head.status, path)
		require.Equal(t, get.header.Get("Content-Type"), head.header.Get("Content-Type"), path)
		require.Empty(t, head.text, path)
		asked++
	}
	require.Greater(t, asked, 15)
}

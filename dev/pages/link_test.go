package pages

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"tickler/dev/stack"
)

// allPages lists every page of the repository.
func allPages(t *testing.T) []string {
	t.Helper()
	root, err := stack.FindRoot()
	require.NoError(t, err)
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "examples/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		found = append(found, files...)
	}
	require.Greater(t, len(found), 30)
	return found
}

var (
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	markdown     = goldmark.New(goldmark.WithExtensions(extension.GFM))
)

// linksAndAnchors are the links of a page, and the names of its headings, as GitHub makes
// them.
func linksAndAnchors(t *testing.T, path string) (links, anchors []string) {
	t.Helper()
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.Link:
			links = append(links, string(node.Destination))
		case *ast.Image:
			links = append(links, string(node.Destination))
		case *ast.Heading:
			name := strings.ToLower(string(node.Lines().Value(source)))
			anchors = append(anchors, strings.ReplaceAll(notInAnchors.ReplaceAllString(name, ""), " ", "-"))
		}
		return ast.WalkContinue, nil
	}))
	return links, anchors
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	followed := 0
	for _, page := range allPages(t) {
		links, _ := linksAndAnchors(t, page)
		for _, link := range links {
			u, err := url.Parse(link)
			require.NoError(t, err, page)
			if u.Scheme != "" {
				continue
			}
			followed++
			target := page
			if u.Path != "" {
				target = filepath.Join(filepath.Dir(page), u.Path)
			}
			_, err = os.Stat(target)
			require.NoError(t, err, "%s links to %s", page, link)
			if u.Fragment != "" {
				_, anchors := linksAndAnchors(t, target)
				require.Contains(t, anchors, u.Fragment, "%s links to %s", page, link)
			}
		}
	}
	require.Greater(t, followed, 100)
}

// Whoever looks for a page finds it in the index.
func TestEveryPageIsInTheIndex(t *testing.T) {
	root, err := stack.FindRoot()
	require.NoError(t, err)
	listed := map[string]bool{}
	index := filepath.Join(root, "docs", "README.md")
	links, _ := linksAndAnchors(t, index)
	for _, link := range links {
		path, _, _ := strings.Cut(link, "#")
		listed[filepath.Join(root, "docs", path)] = true
	}
	for _, page := range allPages(t) {
		if filepath.Dir(page) != filepath.Join(root, "docs") || page == index {
			continue
		}
		require.True(t, listed[page], "docs/README.md does not list %s", filepath.Base(page))
	}
}

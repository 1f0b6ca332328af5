package sidecar_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/sidecar"
)

var daprdFolder = filepath.Join("..", "daprd")

// Whatever Dapr's own command passes on to its runtime, ours does: an option that a
// new version adds would be taken and mean nothing.
func TestDaprdPassesOnWhatDaprsOwnDoes(t *testing.T) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/dapr/dapr")
	list.Dir, list.Env = daprdFolder, append(os.Environ(), "GOWORK=off")
	folder, err := list.Output()
	require.NoError(t, err)
	dapr := fields(t, filepath.Join(strings.TrimSpace(string(folder)), "cmd", "daprd", "app", "app.go"))
	ours := fields(t, filepath.Join(daprdFolder, "main.go"))
	for _, part := range []string{"runtime.Config", "security.Options", "metrics.Options"} {
		require.Greater(t, len(dapr[part]), 5, part)
		for name, value := range dapr[part] {
			if !strings.HasPrefix(value, "opts.") && !strings.HasPrefix(value, "modes.") {
				continue // not an option: a logger, a part
			}
			require.Equal(t, value, ours[part][name], "%s of %s", name, part)
		}
	}
}

// fields are those of the struct literals in a file, with their values, by type.
func fields(t *testing.T, path string) map[string]map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	all := map[string]map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		literal, is := n.(*ast.CompositeLit)
		if !is || literal.Type == nil {
			return true
		}
		kind := source(t, literal.Type)
		for _, element := range literal.Elts {
			if pair, is := element.(*ast.KeyValueExpr); is {
				if all[kind] == nil {
					all[kind] = map[string]string{}
				}
				all[kind][source(t, pair.Key)] = source(t, pair.Value)
			}
		}
		return true
	})
	return all
}

func source(t *testing.T, n ast.Node) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, printer.Fprint(&text, token.NewFileSet(), n))
	return text.String()
}

// The version of Dapr is chosen in dev/daprd/go.mod. What cannot read it there has the
// same one.
func TestOneVersionOfDapr(t *testing.T) {
	version, err := sidecar.Version(daprdFolder)
	require.NoError(t, err)
	for path, names := range map[string]string{
		"dev/k8s/go.mod": `github\.com/dapr/dapr v([0-9.]+)`,
		"compose.yaml":   `daprio/daprd:([0-9.]+)`,
		"docs/deploy.md": `dapr/dapr --version ([0-9.]+)`,
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
		require.NoError(t, err)
		found := regexp.MustCompile(names).FindAllSubmatch(text, -1)
		require.NotEmpty(t, found, path)
		for _, match := range found {
			require.Equal(t, version, string(match[1]), path)
		}
	}
}

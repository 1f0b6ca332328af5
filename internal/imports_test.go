package internal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layers lists the packages of the domain and those that stand on it, each with
// all of this module that it may import. Names are without internal/.
var layers = map[string]string{
	"recurrence":    "",
	"phrase":        "recurrence",
	"event":         "",
	"terminal":      "",
	"telemetry":     "terminal",
	"fault":         "",
	"input":         "fault",
	"limit":         "",
	"wake":          "",
	"access":        "fault limit wake",
	"person":        "fault input recurrence",
	"label":         "fault input person",
	"task":          "fault input label person phrase recurrence",
	"journal":       "event",
	"history":       "fault input journal label person task",
	"repository":    "access event fault history input journal label migrations person task telemetry",
	"outbox":        "event input telemetry wake",
	"sidecar":       "event telemetry",
	"feed":          "event fault wake",
	"calendar":      "recurrence task",
	"transfer":      "fault input journal label limit person phrase quickadd recurrence task",
	"api/operation": "access fault history input journal label limit person task telemetry",
}

// The apps never import each other, nothing in internal imports an app, and the
// layers above hold.
func TestImportsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == filepath.Join("..", "dev") || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir // a module of its own
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
		name := strings.TrimPrefix(from, "internal/")
		allowed, layered := layers[name]
		seen[name] = true
		for _, imported := range file.Imports {
			to, ours := strings.CutPrefix(strings.Trim(imported.Path.Value, `"`), "tickler/")
			if !ours {
				continue
			}
			app, _, _ := strings.Cut(to, "/")
			if slices.Contains([]string{"api", "notifier", "recurrer"}, app) {
				require.Truef(t, from == app || strings.HasPrefix(from, app+"/"), "%s imports the app %s", from, app)
			}
			if layered {
				require.Containsf(t, strings.Fields(allowed), strings.TrimPrefix(to, "internal/"), "%s imports it", from)
			}
		}
		return nil
	}))
	for name := range layers {
		require.True(t, seen[name], "there is no package %s any more", name)
	}
}

package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layers lists the packages of the domain and those that stand on it, each with
// all of this module that it may import. Names are without internal/.
var layers = map[string]string{
	"recurrence":    "",
	"event":         "",
	"terminal":      "",
	"telemetry":     "terminal",
	"fault":         "",
	"input":         "fault",
	"limit":         "",
	"access":        "fault limit",
	"person":        "fault input recurrence",
	"label":         "fault input person",
	"task":          "fault input label person recurrence",
	"repository":    "access event fault input label migrations person task telemetry",
	"outbox":        "event input telemetry",
	"sidecar":       "event telemetry",
	"feed":          "event fault",
	"calendar":      "recurrence task",
	"transfer":      "fault input label limit person recurrence task",
	"api/operation": "access fault input label person task telemetry",
}

// The apps never import each other, nothing in internal imports an app, and the
// layers above hold.
func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "tickler/...").Output()
	require.NoError(t, err)
	seen := map[string]bool{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			break
		}
		from := strings.TrimPrefix(listed.ImportPath, "tickler/")
		name := strings.TrimPrefix(from, "internal/")
		allowed, layered := layers[name]
		seen[name] = true
		for _, imported := range listed.Imports {
			to, ours := strings.CutPrefix(imported, "tickler/")
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
	}
	for name := range layers {
		require.True(t, seen[name], "there is no package %s any more", name)
	}
}

package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// resource is one of Dapr's.
type resource struct {
	kind, name string
}

var (
	ofDapr = regexp.MustCompile(`(?m)^apiVersion: dapr\.io/`)
	kindOf = regexp.MustCompile(`(?m)^kind: (\w+)$`)
	nameOf = regexp.MustCompile(`(?m)^metadata:\n  name: (\S+)$`)
)

// daprResources are those of the repository, by their files.
func daprResources(t *testing.T) map[string][]resource {
	t.Helper()
	found := map[string][]resource{}
	for _, folder := range []string{"components", "examples", "k8s"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for document := range strings.SplitSeq(string(text), "\n---\n") {
				if ofDapr.MatchString(document) {
					kind, name := kindOf.FindStringSubmatch(document), nameOf.FindStringSubmatch(document)
					require.True(t, kind != nil && name != nil, "kind and name are to be found in %s:\n%s", path, document)
					file := strings.TrimPrefix(path, "../")
					found[file] = append(found[file], resource{kind[1], name[1]})
				}
			}
			return nil
		}))
	}
	return found
}

// daprd warns of every other file in a resource folder, for each kind of resource and
// each time it looks for changes: every few seconds, for as long as it runs.
func TestResourceFoldersHoldOnlyYAML(t *testing.T) {
	looked := 0
	for path := range daprResources(t) {
		if strings.HasPrefix(path, "k8s/") {
			continue // kubectl reads those
		}
		looked++
		folder := filepath.Dir(path)
		entries, err := os.ReadDir(filepath.Join("..", folder))
		require.NoError(t, err)
		for _, entry := range entries {
			require.True(t, entry.IsDir() || filepath.Ext(entry.Name()) == ".yaml", "%s is to be elsewhere than in %s, which daprd reads", entry.Name(), folder)
		}
	}
	require.Greater(t, looked, 10)
}

// A binding without a direction makes daprd ask the app by OPTIONS whether it wants
// input. The apps answer 404, and nothing would ever tick.
func TestBindingsNameTheirDirection(t *testing.T) {
	bindings := 0
	for path := range daprResources(t) {
		text, err := os.ReadFile(filepath.Join("..", path))
		require.NoError(t, err)
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			if strings.Contains(document, "  type: bindings.") {
				bindings++
				require.Regexp(t, `(?m)^    - name: direction\n      value: (input|output)$`, document, path)
			}
		}
	}
	require.Greater(t, bindings, 2)
}

// A Dapr engineer finds each resource in docs/dapr.md, with the file or the folder
// that it is in.
func TestDaprPageNamesEveryResource(t *testing.T) {
	text, err := os.ReadFile("../docs/dapr.md")
	require.NoError(t, err)
	page, count := string(text), map[string]int{}
	for path, resources := range daprResources(t) {
		linked := strings.Contains(page, "(../"+path+")") || strings.Contains(page, "(../"+filepath.Dir(path)+"/")
		require.True(t, linked, "docs/dapr.md is to link %s, or a file beside it", path)
		for _, one := range resources {
			require.Contains(t, page, "`"+one.name+"`", "docs/dapr.md is to name the %s of %s", one.kind, path)
			count[one.kind]++
		}
	}
	for _, kind := range []string{"Component", "Subscription", "Resiliency", "Configuration"} {
		require.Greater(t, count[kind], 3, "resources of the kind %s that were found", kind)
	}
}

// What docs/dapr.md leads to is there, and every building block of Dapr is spoken of.
func TestDaprPageLeadsToWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../docs/dapr.md")
	require.NoError(t, err)
	links := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(links), 40, "links that were found")
	for _, link := range links {
		_, err := os.Stat(filepath.Join("../docs", link[1]))
		require.NoError(t, err)
	}
	// https://docs.dapr.io/concepts/building-blocks-concept/
	for _, block := range []string{
		"Service invocation", "Publish and subscribe", "Workflow", "State management", "Bindings", "Actors", "Secrets",
		"Configuration API", "Distributed lock", "Cryptography", "Jobs", "Conversation",
	} {
		require.Regexp(t, `(?m)^(### |\| )`+block, string(text))
	}
}

package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecurityDocumentNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../SECURITY.md")
	require.NoError(t, err)
	exist := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	require.NoError(t, filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(text, -1) {
			exist[string(match[1])] = true
		}
		return err
	}))
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(string(document), -1)
	require.Greater(t, len(named), 50)
	for _, name := range named {
		require.True(t, exist[name[1]], "SECURITY.md names %s, which is no test", name[1])
	}
}

func TestLicencesOfAllModulesAreListed(t *testing.T) {
	t.Parallel()
	listed, err := os.ReadFile("../docs/licences.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(listed)), "\n")
	modules, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "tickler/api", "tickler/notifier", "tickler/recurrer").Output()
	require.NoError(t, err)
	for module := range strings.FieldsFuncSeq(string(modules), func(r rune) bool { return r == '\n' }) {
		path, version, _ := strings.Cut(module, " ")
		there := false
		for _, line := range lines {
			part := strings.Fields(line)
			there = there || len(part) == 3 && part[1] == version && (part[0] == path || strings.HasPrefix(part[0], path+"/"))
		}
		require.True(t, there, "%s is not in docs/licences.txt; run: make licences", module)
	}
}

// The toolchain is what is built with: a module that names an older one would be
// built, or tested, with weaknesses that are mended elsewhere.
func TestEveryModuleNamesTheSameToolchain(t *testing.T) {
	t.Parallel()
	toolchains := map[string]string{}
	line := regexp.MustCompile(`(?m)^toolchain (go1\.\d+\.\d+)$`)
	require.NoError(t, filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".." {
			return cmp.Or(err, filepath.SkipDir)
		}
		if entry.Name() != "go.mod" {
			return nil
		}
		text, err := os.ReadFile(path)
		named := line.FindSubmatch(text)
		require.NotNil(t, named, "%s names no toolchain", path)
		toolchains[path] = string(named[1])
		return err
	}))
	require.Len(t, toolchains, 5)
	for path, toolchain := range toolchains {
		require.Equal(t, toolchains[filepath.Join("..", "go.mod")], toolchain, path)
	}
	document, err := os.ReadFile("../SECURITY.md")
	require.NoError(t, err)
	require.Contains(t, string(document), strings.TrimPrefix(toolchains[filepath.Join("..", "go.mod")], "go"))
}

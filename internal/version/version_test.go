package version_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/version"
)

func TestVersionIsToldToWhoAsksForNothingElse(t *testing.T) {
	var out strings.Builder
	require.True(t, version.Asked([]string{"--version"}, "api", &out))
	require.True(t, strings.HasPrefix(out.String(), "api "+version.Number+" (commit "), out.String())
	for _, other := range [][]string{nil, {"serve"}, {"--version", "serve"}, {"--versions"}} {
		require.False(t, version.Asked(other, "api", &out), "%q", other)
	}
}

// What is no Go repeats the version; nothing else may hold another.
func TestVersionStandsTheSameEverywhere(t *testing.T) {
	for file, pattern := range map[string]string{
		"k8s/base/container.yaml": `tickler:(\S+)`,
		"k8s/base/migrate.yaml":   `tickler:(\S+)`,
		"compose.yaml":            `\$\{VERSION:-([^}]+)\}`,
		"CHANGELOG.md":            `(?m)^## (\S+)`,
	} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		require.NoError(t, err)
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, found, file)
		require.Equal(t, version.Number, found[0][1], file)
		if file != "CHANGELOG.md" { // which has those before
			for _, one := range found {
				require.Equal(t, version.Number, one[1], file)
			}
		}
	}
}

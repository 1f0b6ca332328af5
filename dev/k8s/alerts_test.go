package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	manifests "tickler/dev/k8s"
)

func TestEveryAlertIsExplained(t *testing.T) {
	read := func(file string) []byte {
		text, err := os.ReadFile(filepath.Join(manifests.Root, "docs", file))
		require.NoError(t, err)
		return text
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert string }
		}
	}
	require.NoError(t, yaml.Unmarshal(read("monitoring/alerts.yaml"), &rules))
	require.NotEmpty(t, rules.Groups)
	for _, rule := range rules.Groups[0].Rules {
		require.Contains(t, string(read("monitoring.md")), "### "+rule.Alert+"\n", "what it means, and what to do")
	}
}

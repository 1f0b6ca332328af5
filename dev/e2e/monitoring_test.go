package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

var series = regexp.MustCompile(`tickler_[a-z_]+`)

func TestEverySeriesOfTheDashboardAndTheAlertsIsServed(t *testing.T) {
	s := shared(t)
	s.person(t, "UTC").call(t, "list_tasks", fields{}) // a histogram by tool is served once a tool was called
	served := map[string]bool{}
	for _, app := range []string{"API", "NOTIFIER", "RECURRER"} {
		response, err := http.Get(s.Env()["TICKLER_"+app+"_URL"] + "/metrics")
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		for _, line := range strings.Split(string(text), "\n") {
			if name, found := strings.CutPrefix(line, "# TYPE "); found {
				served[strings.Fields(name)[0]] = true
			}
		}
	}
	root, err := stack.FindRoot()
	require.NoError(t, err)
	for _, file := range []string{"dashboard.json", "alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", "monitoring", file))
		require.NoError(t, err)
		names := series.FindAllString(string(text), -1)
		require.NotEmpty(t, names)
		for _, name := range names {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				name = strings.TrimSuffix(name, suffix)
			}
			require.True(t, served[name], "%s uses %s, which no app serves", file, name)
		}
	}
}

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

var (
	seriesName = regexp.MustCompile(`tickler_[a-z_]+`)
	selector   = regexp.MustCompile(`(tickler_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`[a-z]+="[^"]*"`)
	alertName  = regexp.MustCompile(`alert: (Tickler[A-Za-z]+)`)
)

// family is the name of a series without what a histogram appends.
func family(name string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// served are the lines of each series of ours that the apps serve.
func (s *system) served(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, app := range []string{"API", "NOTIFIER", "RECURRER"} {
		for line := range strings.Lines(body(t, s.Env()["TICKLER_"+app+"_URL"]+"/metrics")) {
			if name, found := strings.CutPrefix(line, "# TYPE "); found && strings.HasPrefix(name, "tickler_") {
				name = strings.Fields(name)[0]
				if _, known := all[name]; !known {
					all[name] = nil
				}
			} else if name := seriesName.FindString(line); strings.HasPrefix(line, "tickler_") {
				all[family(name)] = append(all[family(name)], line)
			}
		}
	}
	return all
}

func TestEverySeriesThatIsWatchedIsServedAndEachThatIsServedIsDescribed(t *testing.T) {
	s := shared(t)
	// A histogram by tool, or by operation, is served once there was a call.
	p := s.person(t, "UTC")
	p.call(t, "list_tasks", fields{})
	require.Equal(t, 200, send(t, "GET", s.APIURL()+"/v1/tasks", "", "Authorization", "Bearer "+p.token).status)
	served := s.served(t)
	root, err := stack.FindRoot()
	require.NoError(t, err)
	document := func(name ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{root, "docs"}, name...)...))
		require.NoError(t, err)
		return strings.ReplaceAll(string(text), `\"`, `"`)
	}
	for _, name := range [][]string{{"monitoring", "dashboard.json"}, {"monitoring", "alerts.yaml"}, {"monitoring.md"}, {"operations.md"}} {
		text := document(name...)
		names := seriesName.FindAllString(text, -1)
		require.NotEmpty(t, names)
		for _, series := range names {
			require.Contains(t, served, family(series), "%s: no app serves this", name)
		}
		for _, used := range selector.FindAllStringSubmatch(text, -1) {
			for _, label := range matcher.FindAllString(used[2], -1) {
				require.True(t, slices.ContainsFunc(served[family(used[1])], func(line string) bool { return strings.Contains(line, label) }),
					"%s: no app serves %s with %s", name, used[1], label)
			}
		}
	}
	described := seriesName.FindAllString(document("monitoring.md"), -1)
	for series := range maps.Keys(served) {
		require.Contains(t, described, series, "monitoring.md does not describe it")
	}
	for _, alert := range alertName.FindAllStringSubmatch(document("monitoring", "alerts.yaml"), -1) {
		require.Contains(t, document("monitoring.md"), "### "+alert[1]+"\n")
	}
}

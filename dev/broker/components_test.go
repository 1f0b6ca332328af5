package broker_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/topics"
)

// resource is a Dapr resource, as far as the brokers' folders differ in it.
type resource struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     map[string]any
	Scopes   []string
}

// resources reads every resource in a folder, by kind and name.
func resources(t *testing.T, folder ...string) map[string]resource {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(append([]string{"..", "..", "components"}, append(folder, "*.yaml")...)...))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]resource{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		documents := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var r resource
			if err := documents.Decode(&r); errors.Is(err, io.EOF) {
				break
			} else {
				require.NoError(t, err, file)
			}
			require.NotContains(t, all, r.Kind+" "+r.Metadata.Name, file)
			all[r.Kind+" "+r.Metadata.Name] = r
		}
	}
	return all
}

// Some brokers need more components than taskbus to read through. Nothing else of
// a subscription may differ, and each component retries like taskbus.
func TestBrokersDifferInComponentsAlone(t *testing.T) {
	common := resources(t, "apps")
	retried := common["Resiliency taskbus"].Spec["policies"].(map[string]any)["retries"].(map[string]any)["redeliver"]
	require.NotNil(t, retried)
	subscriptions := resources(t, "brokers", "redpanda")
	for _, kind := range []string{"redpanda", "redis", "rabbitmq", "nats"} {
		own := resources(t, "brokers", kind)
		require.Contains(t, own, "Component taskbus")
		for name, wanted := range subscriptions {
			if wanted.Kind != "Subscription" {
				continue
			}
			require.Contains(t, own, name, kind)
			r := own[name]
			through := r.Spec["pubsubname"].(string)
			require.Contains(t, own, "Component "+through, name)
			require.Subset(t, own["Component "+through].Scopes, r.Scopes)
			require.True(t, through == "taskbus" || isRetried(own, through, retried), "%s on %s is retried as on taskbus", through, kind)

			r.Spec["pubsubname"] = "taskbus"
			require.Equal(t, wanted, r, "%s on %s", name, kind)
		}
	}
}

// What the sidecar lets an app do on the bus is what the broker lets its user do.
func TestScopesOfTheBusAreTheRightsOfTheApps(t *testing.T) {
	for _, kind := range []string{"redpanda", "redis", "rabbitmq", "nats"} {
		write, read := map[string][]string{}, map[string][]string{}
		for _, r := range resources(t, "brokers", kind) {
			if r.Kind != "Component" || r.Spec["metadata"] == nil {
				continue
			}
			for _, m := range r.Spec["metadata"].([]any) {
				setting := m.(map[string]any)
				into := map[any]map[string][]string{"publishingScopes": write, "subscriptionScopes": read}[setting["name"]]
				if into == nil {
					continue
				}
				for scope := range strings.SplitSeq(setting["value"].(string), ";") {
					app, list, _ := strings.Cut(scope, "=")
					into[app] = append(into[app], strings.FieldsFunc(list, func(r rune) bool { return r == ',' })...)
				}
			}
		}
		for _, rights := range topics.RightsOf(event.Topics()) {
			require.ElementsMatch(t, rights.Write, distinct(write[rights.App]), "%s writes on %s", rights.App, kind)
			require.ElementsMatch(t, rights.Read, distinct(read[rights.App]), "%s reads on %s", rights.App, kind)
		}
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func isRetried(own map[string]resource, component string, as any) bool {
	for _, r := range own {
		if r.Kind != "Resiliency" {
			continue
		}
		targets := r.Spec["targets"].(map[string]any)["components"].(map[string]any)
		target, found := targets[component].(map[string]any)
		if !found {
			continue
		}
		policy := target["inbound"].(map[string]any)["retry"].(string)
		retries := r.Spec["policies"].(map[string]any)["retries"].(map[string]any)
		return strings.HasPrefix(policy, "redeliver") && assert.ObjectsAreEqual(as, retries[policy])
	}
	return false
}

// Whoever chooses a broker finds what it gives and gives up, on one screen and in the
// same order for all.
func TestEveryBrokerSaysWhatItGivesUp(t *testing.T) {
	brokers := filepath.Join("..", "..", "components", "brokers")
	folders, err := filepath.Glob(filepath.Join(brokers, "*", "taskbus.yaml"))
	require.NoError(t, err)
	require.Greater(t, len(folders), 2)
	text, err := os.ReadFile(filepath.Join(brokers, "README.md"))
	require.NoError(t, err)
	sections := strings.Split(string(text), "\n## ")[1:]
	require.Len(t, sections, len(folders), "a section for each broker")
	for _, section := range sections {
		title, rest, _ := strings.Cut(section, "\n")
		for _, subject := range []string{"Order", "Bulk", "When it dies or is away", "Dead letters", "Replay", "Users", "Asks for", "Gives up"} {
			_, rest, _ = strings.Cut(rest, "\n- **"+subject+"**")
			require.NotEmpty(t, rest, "%s is to say of %q, after what comes before it in the others", title, subject)
		}
		require.Less(t, strings.Count(section, "\n"), 16, title)
	}
}

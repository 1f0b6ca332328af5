package manifests_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	manifests "tickler/dev/k8s"
)

// mayGo are lines that an overlay can do without, each for a reason.
var mayGo = []string{
	// Labels for people.
	`.* metadata\.labels(\.app\.kubernetes\.io/part-of)?`,
	`Namespace tickler metadata\.labels\.pod-security\.kubernetes\.io/(audit|warn)`,
	// What Kubernetes or Dapr would take anyway.
	`Deployment \w+ spec\.template\.metadata\.annotations\.dapr\.io/app-(protocol|health-check-path|health-probe-timeout|health-threshold)`,
	`Deployment \w+ spec\.template\.spec\.containers\.0\.livenessProbe\.(failureThreshold|periodSeconds)`,
	`HorizontalPodAutoscaler api spec\.behavior.*`,
	`NetworkPolicy [\w-]+ spec\.policyTypes.*`,
	`NetworkPolicy (nothing|names) spec\.podSelector`,
}

// TestNothingCanBeTakenAwayUnnoticed deletes each field and each item of each object
// that an overlay renders to, one at a time: the review must miss it.
func TestNothingCanBeTakenAwayUnnoticed(t *testing.T) {
	seen := map[string]bool{} // objects that are the same in two overlays are tried once
	used := map[string]bool{}
	for _, overlay := range overlays {
		t.Run(overlay, func(t *testing.T) {
			all, err := manifests.Documents(load(t), "/k8s/overlays/"+overlay)
			require.NoError(t, err)
			tried := 0
			for i, document := range all {
				if seen[string(document.Text)] {
					continue
				}
				seen[string(document.Text)] = true
				for _, path := range paths(t, document.Text) {
					tried++
					changed := slices.Clone(all)
					changed[i].Text = without(t, document.Text, path)
					if reviewDocuments(t, changed, document, overlay) != nil {
						continue
					}
					line := nameOf(t, document.Text) + " " + strings.Join(path, ".")
					known := slices.IndexFunc(mayGo, func(may string) bool { return regexp.MustCompile("^" + may + "$").MatchString(line) })
					if known < 0 {
						t.Errorf("nobody misses %s", line)
						continue
					}
					used[mayGo[known]] = true
				}
			}
			t.Logf("%d lines were taken away", tried)
		})
	}
	for _, may := range mayGo {
		require.True(t, used[may], "%s is missed after all", may)
	}
}

// reviewDocuments asks only what is asked of objects of the kind that was changed.
func reviewDocuments(t *testing.T, all []manifests.Document, changed manifests.Document, overlay string) (err error) {
	t.Helper()
	defer func() { // it trips over what is not there
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("the review panics: %v", panicked)
		}
	}()
	objects, err := manifests.Read(all)
	if err != nil || !strings.HasSuffix(changed.Kind, ".dapr.io") {
		return errors.Join(err, reviewWorkloads(t, objects, overlay))
	}
	return manifests.ReviewDapr(objects, overlay, t.TempDir())
}

// paths of every field and item; an item is told by its index.
func paths(t *testing.T, text []byte) [][]string {
	t.Helper()
	var object any
	require.NoError(t, yaml.Unmarshal(text, &object))
	var all [][]string
	var walk func(path []string, value any)
	walk = func(path []string, value any) {
		if len(path) > 0 {
			all = append(all, path)
		}
		switch v := value.(type) {
		case map[string]any:
			for key, inner := range v {
				walk(append(slices.Clone(path), key), inner)
			}
		case []any:
			for i, inner := range v {
				walk(append(slices.Clone(path), fmt.Sprint(i)), inner)
			}
		}
	}
	walk(nil, object)
	slices.SortFunc(all, slices.Compare)
	return all
}

func without(t *testing.T, text []byte, path []string) []byte {
	t.Helper()
	var object any
	require.NoError(t, yaml.Unmarshal(text, &object))
	var remove func(value any, path []string) any
	remove = func(value any, path []string) any {
		switch v := value.(type) {
		case map[string]any:
			if len(path) == 1 {
				delete(v, path[0])
			} else {
				v[path[0]] = remove(v[path[0]], path[1:])
			}
			return v
		case []any:
			var i int
			_, err := fmt.Sscan(path[0], &i)
			require.NoError(t, err)
			if len(path) == 1 {
				return slices.Delete(v, i, i+1)
			}
			v[i] = remove(v[i], path[1:])
			return v
		}
		t.Fatalf("no %v in %s", path, text)
		return nil
	}
	text, err := yaml.Marshal(remove(object, path))
	require.NoError(t, err)
	return text
}

func nameOf(t *testing.T, text []byte) string {
	t.Helper()
	var head struct {
		Kind     string
		Metadata struct{ Name string }
	}
	require.NoError(t, yaml.Unmarshal(text, &head))
	return head.Kind + " " + head.Metadata.Name
}

package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	manifests "tickler/dev/k8s"
)

func TestDaprIsInstalledAsTheManifestsNeedIt(t *testing.T) {
	read := func(file string, into any) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.UnmarshalStrict(text, into))
	}
	var values struct {
		Injector struct {
			Drop       bool                  `json:"sidecarDropALLCapabilities"`
			Policy     string                `json:"webhookFailurePolicy"`
			Namespaces *metav1.LabelSelector `json:"namespaceSelector"`
			Objects    *metav1.LabelSelector `json:"objectSelector"`
		} `json:"dapr_sidecar_injector"`
	}
	read(filepath.Join(manifests.Root, "k8s", "dapr-values.yaml"), &values)
	injector := values.Injector
	require.True(t, injector.Drop)
	require.Equal(t, "Fail", injector.Policy)

	var set map[string]map[string]any
	read(filepath.Join(manifests.Root, "k8s", "dapr-values.yaml"), &set)
	chart, err := manifests.Chart()
	require.NoError(t, err)
	var known map[string]any
	text, err := os.ReadFile(filepath.Join(chart, "charts", "dapr_sidecar_injector", "values.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &known))
	for name := range set["dapr_sidecar_injector"] {
		require.Contains(t, known, name, "Dapr's chart knows no such value")
	}

	asked := func(selector *metav1.LabelSelector, these map[string]string) bool {
		s, err := metav1.LabelSelectorAsSelector(selector)
		require.NoError(t, err)
		return s.Matches(labels.Set(these))
	}
	for _, namespace := range []string{"dapr-system", "kube-system"} {
		require.False(t, asked(injector.Namespaces, map[string]string{"kubernetes.io/metadata.name": namespace}), "%s must start without the injector, which is there itself or needs it", namespace)
	}
	objects, err := manifests.Render(load(t), "redpanda")
	require.NoError(t, err)
	require.True(t, asked(injector.Namespaces, map[string]string{"kubernetes.io/metadata.name": "tickler"}))
	for i, deployment := range objects.Deployments {
		worker := deployment.Name != "api"
		require.Equal(t, worker, asked(injector.Objects, deployment.Spec.Template.Labels), deployment.Name)
		if worker {
			pod, err := manifests.Injected(&objects.Deployments[i], false)
			require.NoError(t, err)
			require.ErrorContains(t, manifests.Restricted(pod), `container "daprd" must set securityContext.capabilities.drop=["ALL"]`)
		}
	}
}

package manifests_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	subscriptions "github.com/dapr/dapr/pkg/apis/subscriptions/v2alpha1"

	manifests "tickler/dev/k8s"
)

func TestLagScalesTheReadersOfEachTopic(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "keda")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	require.Len(t, objects.LagScalers, 2)
	for _, scaler := range objects.LagScalers {
		app := scaler.Spec.ScaleTargetRef.Name
		trigger := scaler.Spec.Triggers[0]
		read := slices.IndexFunc(objects.Subscriptions, func(s subscriptions.Subscription) bool {
			return slices.Contains(s.Scopes, app) && s.Spec.Topic == trigger.Metadata["topic"]
		})
		require.GreaterOrEqual(t, read, 0, "%s does not read %s", app, trigger.Metadata["topic"])
		require.Equal(t, "tickler-"+app, trigger.Metadata["consumerGroup"], "as the component's consumerGroup makes it")
		require.Equal(t, "enable", trigger.Metadata["tls"])
		require.Equal(t, "scram_sha256", trigger.Metadata["sasl"])
		require.Equal(t, objects.LagAccess[0].Name, trigger.AuthenticationRef.Name)
		require.GreaterOrEqual(t, *scaler.Spec.MinReplicaCount, int32(2))

		i := slices.IndexFunc(objects.Deployments, func(d appsv1.Deployment) bool { return d.Name == app })
		require.Nil(t, objects.Deployments[i].Spec.Replicas, "%s: KEDA decides how many", app)
		require.True(t, slices.ContainsFunc(objects.Deployments[i].Spec.Template.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
			return v.Name == trigger.Metadata["bootstrapServersFromEnv"] && v.ValueFrom.SecretKeyRef.Name == manifests.BrokerSecret
		}))
	}
	for _, parameter := range objects.LagAccess[0].Spec.SecretTargetRef {
		require.Equal(t, manifests.BrokerSecret, parameter.Name)
	}
}

func TestGatewaySendsMCPToApiOverTLS(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "gateway")
	require.NoError(t, err)
	require.Len(t, objects.Gateways, 1)
	require.Len(t, objects.Routes, 1)
	listener, route := objects.Gateways[0].Spec.Listeners[0], objects.Routes[0].Spec
	require.EqualValues(t, "HTTPS", listener.Protocol)
	require.EqualValues(t, "tickler-tls", listener.TLS.CertificateRefs[0].Name)
	require.EqualValues(t, *listener.Hostname, route.Hostnames[0])
	require.EqualValues(t, objects.Gateways[0].Name, route.ParentRefs[0].Name)
	require.Equal(t, listener.Name, *route.ParentRefs[0].SectionName)
	require.Equal(t, "/mcp", *route.Rules[0].Matches[0].Path.Value)
	backend := route.Rules[0].BackendRefs[0]
	require.EqualValues(t, objects.Services[0].Name, backend.Name)
	require.EqualValues(t, objects.Services[0].Spec.Ports[0].Port, *backend.Port)
}

// The local overlay is the one for Redpanda with the stores inside and without TLS
// between pods, and nothing else.
func TestLocalOverlayBringsItsStores(t *testing.T) {
	files := load(t)
	objects, err := manifests.Render(files, "local")
	require.NoError(t, err)
	run, err := manifests.ReadLocalRun()
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	require.NoError(t, manifests.ReviewSidecars(objects, run, nil))
	require.ErrorContains(t, manifests.ReviewDapr(objects, "redpanda", t.TempDir()), "component taskbus: disableTls is true")

	elsewhere, err := manifests.Render(files, "redpanda")
	require.NoError(t, err)
	require.Equal(t, elsewhere.Subscriptions, objects.Subscriptions)
	require.Equal(t, elsewhere.Configurations, objects.Configurations)
	require.Equal(t, elsewhere.Resiliencies, objects.Resiliencies)

	var stores []string
	for _, s := range objects.StatefulSets {
		stores = append(stores, s.Name)
		require.NotEmpty(t, s.Spec.VolumeClaimTemplates, "%s keeps nothing", s.Name)
	}
	require.ElementsMatch(t, []string{"postgres", "redpanda"}, stores)
	arrows := manifests.Arrows(objects)
	for pod, wanted := range map[string][]string{
		"postgres": {"in app.kubernetes.io/name in (api,migrate,notifier,recurrer):5432"},
		"redpanda": {"in app.kubernetes.io/name in (api,notifier,recurrer,topics):9092"},
	} {
		require.Subset(t, arrows[pod], wanted)
		for _, arrow := range arrows[pod] {
			require.True(t, slices.Contains(wanted, arrow) || slices.Contains(names, arrow), "%s: %s", pod, arrow)
		}
	}
	for _, j := range objects.Jobs {
		for _, v := range j.Spec.Template.Spec.Containers[0].Env {
			require.False(t, v.Name == "KAFKA_TLS" && v.Value != "false")
		}
	}
}

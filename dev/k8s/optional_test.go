package manifests_test

import (
	"slices"
	"strings"
	"testing"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/dapr/dapr/pkg/apis/common"
	components "github.com/dapr/dapr/pkg/apis/components/v1alpha1"
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
		access := slices.IndexFunc(objects.LagAccess, func(a keda.TriggerAuthentication) bool { return a.Name == trigger.AuthenticationRef.Name })
		for _, parameter := range objects.LagAccess[access].Spec.SecretTargetRef {
			require.Equal(t, manifests.BrokerSecretOf(app), parameter.Name, "it looks as the user of the app")
		}
		require.GreaterOrEqual(t, *scaler.Spec.MinReplicaCount, int32(2))

		i := slices.IndexFunc(objects.Deployments, func(d appsv1.Deployment) bool { return d.Name == app })
		require.Nil(t, objects.Deployments[i].Spec.Replicas, "%s: KEDA decides how many", app)
		require.True(t, slices.ContainsFunc(objects.Deployments[i].Spec.Template.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
			return v.Name == trigger.Metadata["bootstrapServersFromEnv"] && v.ValueFrom.SecretKeyRef.Name == manifests.BrokerSecret
		}))
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
	var paths []string
	for _, match := range route.Rules[0].Matches {
		paths = append(paths, *match.Path.Value)
	}
	require.Equal(t, fromOutside, paths)
	requireProxyIsKnown(t, objects, string(route.Hostnames[0]))
	backend := route.Rules[0].BackendRefs[0]
	require.EqualValues(t, objects.Services[0].Name, backend.Name)
	require.EqualValues(t, objects.Services[0].Spec.Ports[0].Port, *backend.Port)
}

func TestMailGoesOutFromNotifierAlone(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "email")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	i := slices.IndexFunc(objects.Components, func(c components.Component) bool { return c.Name == "mailer" })
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, "bindings.smtp", objects.Components[i].Spec.Type)
	require.Equal(t, []string{"notifier"}, objects.Components[i].Scopes)
	for _, m := range objects.Components[i].Spec.Metadata {
		require.True(t, m.Name == "direction" || m.SecretKeyRef.Name == "tickler-mail", m.Name)
	}
	arrows := manifests.Arrows(objects)
	require.Contains(t, arrows["notifier"], "out anywhere:587")
	require.NotContains(t, arrows["api"], "out anywhere:587")
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
	err = manifests.ReviewDapr(objects, "redpanda", t.TempDir())
	require.ErrorContains(t, err, "Component taskbus: differs")
	settings := objects.Dapr["Component taskbus"]["spec"].(map[string]any)["metadata"].([]any)
	tls := settings[slices.IndexFunc(settings, func(s any) bool { return s.(map[string]any)["name"] == "disableTls" })].(map[string]any)
	require.Equal(t, "true", tls["value"])
	tls["value"] = "false"
	require.NoError(t, manifests.ReviewDapr(objects, "redpanda", t.TempDir()), "nothing else differs")

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
	for _, app := range []string{"api", "notifier", "recurrer"} {
		require.Contains(t, arrows[app], "out app.kubernetes.io/name=postgres:5432")
		if app != "api" {
			require.Contains(t, arrows[app], "out app.kubernetes.io/name=redpanda:9092")
		}
		for _, arrow := range arrows[app] {
			require.NotContains(t, arrow, "anywhere", "%s: the stores are inside", app)
		}
	}
	for pod, wanted := range map[string][]string{
		"postgres": {"in app.kubernetes.io/name in (api,migrate,notifier,recurrer):5432"},
		"redpanda": {"in app.kubernetes.io/name in (notifier,recurrer,topics):9092"},
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

// The Job makes the users with the passwords that the sidecars come with.
func TestJobMakesTheUsersOfTheBroker(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "broker-users")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	i := slices.IndexFunc(objects.Jobs, func(j batchv1.Job) bool { return j.Name == "topics" })
	for _, d := range objects.Deployments {
		if d.Name == "api" { // it is no user of the broker
			continue
		}
		require.True(t, slices.ContainsFunc(objects.Jobs[i].Spec.Template.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
			return v.Name == "KAFKA_"+strings.ToUpper(d.Name)+"_PASSWORD" && v.ValueFrom.SecretKeyRef.Name == manifests.BrokerSecretOf(d.Name) && v.ValueFrom.SecretKeyRef.Key == "KAFKA_SASL_PASSWORD"
		}), d.Name)
	}
}

func TestIssuersAreReachedOutside(t *testing.T) {
	objects, err := manifests.Render(load(t), "redis", "issuers")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	arrows := manifests.Arrows(objects)
	require.Subset(t, arrows["api"], outside)
	require.NotSubset(t, arrows["recurrer"], outside)
	i := slices.IndexFunc(objects.Deployments, func(d appsv1.Deployment) bool { return d.Name == "api" })
	require.True(t, slices.ContainsFunc(objects.Deployments[i].Spec.Template.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
		return v.Name == "TICKLER_ISSUERS" && strings.HasPrefix(v.Value, "https://")
	}))
}

// With an authority of one's own, whoever asks the store over TLS knows it.
func TestAuthoritiesOfStoresAreKnown(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "keda", "broker-ca", "postgres-ca")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	pods := map[string]corev1.PodSpec{}
	for _, d := range objects.Deployments {
		pods[d.Name] = d.Spec.Template.Spec
	}
	for _, j := range objects.Jobs {
		pods[j.Name] = j.Spec.Template.Spec
	}
	knows := func(pod, variable, secret, key string) {
		c, volume := pods[pod].Containers[0], pods[pod].Volumes[0]
		file := c.VolumeMounts[0].MountPath + "/" + volume.Secret.Items[0].Path
		require.Equal(t, volume.Name, c.VolumeMounts[0].Name)
		require.Equal(t, secret, volume.Secret.SecretName)
		require.Equal(t, key, volume.Secret.Items[0].Key)
		require.True(t, slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == variable && v.Value == file }), pod)
	}
	for _, pod := range []string{"api", "notifier", "recurrer", "migrate"} {
		knows(pod, "PGSSLROOTCERT", "tickler-database", "ca")
	}
	knows("topics", "SSL_CERT_FILE", manifests.BrokerSecret, "KAFKA_CA")
	for _, access := range objects.LagAccess {
		require.True(t, slices.ContainsFunc(access.Spec.SecretTargetRef, func(r keda.AuthSecretTargetRef) bool {
			return r.Parameter == "ca" && r.Name == manifests.BrokerSecret && r.Key == "KAFKA_CA"
		}))
	}
	run, err := manifests.ReadLocalRun()
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewSidecars(objects, run, nil), "the rest of the credentials is still there")
	for i := range objects.Deployments {
		if objects.Deployments[i].Name == "api" { // it has no sidecar
			continue
		}
		pod, err := manifests.Injected(&objects.Deployments[i], true)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
			return c.Name == "daprd" && slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool {
				return v.Name == "KAFKA_CA" && v.ValueFrom.SecretKeyRef.Name == manifests.BrokerSecret
			})
		}), "daprd of %s knows the authority", objects.Deployments[i].Name)
	}
	bus := slices.IndexFunc(objects.Components, func(c components.Component) bool { return c.Name == "taskbus" })
	require.True(t, slices.ContainsFunc(objects.Components[bus].Spec.Metadata, func(m common.NameValuePair) bool {
		return m.Name == "caCert" && m.SecretKeyRef.Key == "KAFKA_CA"
	}))
}

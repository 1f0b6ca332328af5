package manifests_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	"github.com/dapr/kit/logger"

	manifests "tickler/dev/k8s"
)

// A pod whose sidecar is not ready gets no calls, and a sidecar waits for Dapr's control
// plane and, with the bus in its scope, for the broker.
func TestApiNeedsPostgresOnly(t *testing.T) {
	for _, overlay := range append([]string{"local"}, overlays...) {
		objects, err := manifests.Render(load(t), overlay)
		require.NoError(t, err)
		i := slices.IndexFunc(objects.Deployments, func(d appsv1.Deployment) bool { return d.Name == "api" })
		pod, err := manifests.Injected(&objects.Deployments[i], true)
		require.NoError(t, err)
		require.Len(t, pod.Spec.Containers, 1, overlay)
		require.Empty(t, pod.Annotations, overlay)
		for _, v := range pod.Spec.Containers[0].Env {
			require.NotRegexp(t, "^(DAPR|KAFKA|REDIS|RABBITMQ|NATS|APP)_", v.Name)
		}
		for _, arrow := range manifests.Arrows(objects)["api"] {
			require.Regexp(t, `^in |:5432$|kube-dns`, arrow, "%s: out to Postgres, and to names", overlay)
		}
	}
}

var overlays = []string{"redpanda", "redis", "rabbitmq", "nats"}

func TestMain(m *testing.M) {
	for _, name := range []string{"dapr.injector", "dapr.runtime.loader.disk"} {
		logger.NewLogger(name).SetOutputLevel(logger.ErrorLevel)
	}
	os.Exit(m.Run())
}

func load(t *testing.T) filesys.FileSystem {
	t.Helper()
	files, err := manifests.Load()
	require.NoError(t, err)
	return files
}

// review is everything that is asked of an overlay.
func review(t *testing.T, files filesys.FileSystem, overlay string) error {
	t.Helper()
	objects, err := manifests.Render(files, overlay)
	if err != nil {
		return err
	}
	return reviewObjects(t, objects, overlay)
}

func reviewObjects(t *testing.T, objects *manifests.Objects, overlay string) error {
	t.Helper()
	return errors.Join(manifests.ReviewDapr(objects, overlay, t.TempDir()), reviewWorkloads(t, objects, overlay))
}

func reviewWorkloads(t *testing.T, objects *manifests.Objects, overlay string) error {
	t.Helper()
	run, err := manifests.ReadLocalRun()
	require.NoError(t, err)
	return errors.Join(
		manifests.ReviewSidecars(objects, run, nil),
		manifests.ReviewPods(objects),
		reviewArrows(objects, overlay),
		reviewCommands(objects, overlay),
	)
}

func TestEveryOverlayIsWhole(t *testing.T) {
	for _, overlay := range overlays {
		t.Run(overlay, func(t *testing.T) { require.NoError(t, review(t, load(t), overlay)) })
	}
}

// A pod finds its account, its policies and its sidecar's objects when it starts.
func TestWhatPodsNeedIsMadeBeforeThem(t *testing.T) {
	files := load(t)
	require.NoError(t, files.WriteFile("/deployment/kustomization.yaml", documented(t)))
	folders := []string{"/k8s/overlays/local", "/deployment"}
	for _, overlay := range overlays {
		folders = append(folders, "/k8s/overlays/"+overlay)
	}
	for _, folder := range folders {
		all, err := manifests.Documents(files, folder)
		require.NoError(t, err)
		running := false
		for _, d := range all {
			switch {
			case slices.Contains([]string{"Deployment.v1.apps", "StatefulSet.v1.apps", "Job.v1.batch"}, d.Kind):
				running = true
			case strings.HasSuffix(d.Kind, ".dapr.io") || strings.HasPrefix(d.Kind, "NetworkPolicy") || strings.HasPrefix(d.Kind, "ServiceAccount"):
				require.False(t, running, "%s: a %s comes after pods", folder, d.Kind)
			}
		}
		require.True(t, running)
	}
}

// documented is the overlay that the document writes.
func documented(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(manifests.Root, "docs/deploy.md"))
	require.NoError(t, err)
	_, overlay, ok := strings.Cut(string(text), "deployment/kustomization.yaml <<END\n")
	require.True(t, ok)
	overlay, _, ok = strings.Cut(overlay, "\nEND\n")
	require.True(t, ok)
	return []byte(strings.NewReplacer("$IMAGE", "registry/tickler", "$VERSION", "1.2.3").Replace(overlay))
}

var (
	names   = []string{"out kubernetes.io/metadata.name=kube-system k8s-app=kube-dns:53", "out kubernetes.io/metadata.name=kube-system k8s-app=kube-dns:UDP 53"}
	dapr    = []string{"out kubernetes.io/metadata.name=dapr-system:50001", "out kubernetes.io/metadata.name=dapr-system:50005", "out kubernetes.io/metadata.name=dapr-system:50006", "out kubernetes.io/metadata.name=dapr-system:6500"}
	outside = []string{"out public addresses in 0.0.0.0/0:443", "out public addresses in 2000::/3:443"}
	metrics = []string{"in tickler/monitoring=true:8080"}
	sidecar = append([]string{"in tickler/monitoring=true:9090"}, dapr...)
)

func reviewArrows(o *manifests.Objects, overlay string) error {
	postgres := "out anywhere:5432"
	broker := map[string]string{"redpanda": "out anywhere:9092", "redis": "out anywhere:6379", "rabbitmq": "out anywhere:5671", "nats": "out anywhere:4222"}[overlay]
	wanted := map[string][]string{
		"api":           slices.Concat(names, metrics, []string{postgres, "in tickler/callers=true:8080"}),
		"notifier":      slices.Concat(names, sidecar, metrics, outside, []string{postgres, broker}),
		"recurrer":      slices.Concat(names, sidecar, metrics, []string{postgres, broker}),
		"migrate":       slices.Concat(names, []string{postgres}),
		"any other pod": names,
	}
	if overlay == "redpanda" {
		wanted["topics"] = slices.Concat(names, []string{broker})
	}
	got := manifests.Arrows(o)
	var errs []error
	for pod, arrows := range wanted {
		slices.Sort(arrows)
		if !slices.Equal(arrows, got[pod]) {
			errs = append(errs, errors.New("network of "+pod+": "+strings.Join(got[pod], ", ")+"; wanted: "+strings.Join(arrows, ", ")))
		}
	}
	return errors.Join(errs...)
}

// reviewCommands looks at what the Jobs run.
func reviewCommands(o *manifests.Objects, overlay string) error {
	wanted := map[string]string{"migrate": "/api migrate up"}
	if overlay == "redpanda" {
		maps.Copy(wanted, map[string]string{"topics": "/api topics create", "KAFKA_TLS": "true", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256"})
		for _, name := range []string{"KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"} {
			wanted[name] = manifests.BrokerSecret
		}
	}
	got := map[string]string{}
	for _, j := range o.Jobs {
		c := j.Spec.Template.Spec.Containers[0]
		got[j.Name] = strings.Join(append(c.Command, c.Args...), " ")
		for _, v := range c.Env {
			if !strings.HasPrefix(v.Name, "KAFKA_") {
				continue
			}
			if got[v.Name] = v.Value; v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
				got[v.Name] = v.ValueFrom.SecretKeyRef.Name
			}
		}
	}
	if !maps.Equal(wanted, got) {
		return fmt.Errorf("the Jobs run %v; wanted: %v", got, wanted)
	}
	return nil
}

func TestDocumentMakesEverySecret(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(manifests.Root, "docs/deploy.md"))
	require.NoError(t, err)
	for _, wanted := range []string{
		"create secret generic tickler-database --from-file=url=", "create secret generic tickler-dapr-token-$app --from-file=token=",
		"create secret generic tickler-app-token-$app --from-file=token=", "create secret generic tickler-broker-$app --from-env-file=", "create secret generic tickler-secret-key --from-file=keys=", "create secret generic tickler-broker",
		"KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "REDIS_HOST", "REDIS_USERNAME", "REDIS_PASSWORD", "RABBITMQ_URL", "NATS_URL",
	} {
		require.Contains(t, string(text), wanted)
	}
}

// The overlay that the document writes renders, and sets the image of every pod.
func TestOverlayOfTheDocument(t *testing.T) {
	files := load(t)
	require.NoError(t, files.WriteFile("/deployment/kustomization.yaml", documented(t)))
	objects, err := manifests.RenderFolder(files, "/deployment")
	require.NoError(t, err)
	for _, d := range objects.Deployments {
		for _, c := range slices.Concat(d.Spec.Template.Spec.InitContainers, d.Spec.Template.Spec.Containers) {
			require.Equal(t, "registry/tickler:1.2.3", c.Image)
		}
	}
	for _, j := range objects.Jobs {
		require.Equal(t, "registry/tickler:1.2.3", j.Spec.Template.Spec.Containers[0].Image)
	}
	require.Len(t, objects.Deployments, 3)
}

func TestTracesGoToTheCollector(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "agent", "tracing")
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewPods(objects))
	require.Len(t, objects.Configurations, 2)
	for _, c := range objects.Configurations {
		require.Equal(t, "otel-collector.observability:4318", c.Spec.TracingSpec.Otel.EndpointAddress)
		require.Equal(t, "http", c.Spec.TracingSpec.Otel.Protocol)
	}
	for _, d := range objects.Deployments {
		require.True(t, slices.ContainsFunc(d.Spec.Template.Spec.Containers[0].Env, func(v corev1.EnvVar) bool {
			return v.Name == "OTEL_EXPORTER_OTLP_ENDPOINT" && v.Value == "http://otel-collector.observability:4318"
		}), d.Name)
		require.Contains(t, manifests.Arrows(objects)[d.Name], "out kubernetes.io/metadata.name=observability:4318")
	}
}

func TestAgentReachesMCPAndNothingElse(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "agent")
	require.NoError(t, err)
	run, err := manifests.ReadLocalRun()
	require.NoError(t, err)
	require.NoError(t, manifests.ReviewSidecars(objects, run, map[string]string{"api": "api"}))
	require.NoError(t, manifests.ReviewPods(objects))
	require.NoError(t, manifests.ReviewDapr(objects, "redpanda", t.TempDir()))

	folder := t.TempDir()
	access, err := manifests.AccessOf(objects, "api", folder)
	require.NoError(t, err)
	require.Len(t, access.PolicySpec, 1)
	agent, ok := access.PolicySpec["agent||tickler"] // as daprd looks a caller up: app id and namespace
	require.True(t, ok)
	require.Equal(t, "deny", agent.DefaultAction)
	require.Equal(t, "public", agent.TrustDomain)
	allowed := map[string]string{}
	for _, operation := range objects.Configurations[slices.IndexFunc(objects.Configurations, func(c configuration.Configuration) bool { return c.Name == "api" })].Spec.AccessControlSpec.AppPolicies[0].AppOperationActions {
		allowed[operation.Operation] = operation.Action
	}
	require.Equal(t, map[string]string{"/mcp": "allow"}, allowed)

	access, err = manifests.AccessOf(objects, "tickler", folder) // of notifier and recurrer
	require.NoError(t, err)
	require.Empty(t, access.PolicySpec)
	require.Equal(t, "deny", access.DefaultAction)
	arrows := manifests.Arrows(objects)
	require.Contains(t, arrows["api"], "in dapr.io/app-id=agent:50002")
	require.Subset(t, arrows["api"], sidecar)
	require.NotContains(t, arrows["notifier"], "in dapr.io/app-id=agent:50002")
}

func TestImageHasEveryAppAndTheUserOfThePods(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(manifests.Root, "Dockerfile"))
	require.NoError(t, err)
	for _, d := range objects.Deployments {
		require.Regexp(t, `CGO_ENABLED=0 .* go build -trimpath .* \./`+d.Name+`\b`, string(text))
		require.Contains(t, string(text), fmt.Sprintf("USER %d:", *d.Spec.Template.Spec.SecurityContext.RunAsUser))
	}
}

func TestIngressSendsMCPToApiOverTLS(t *testing.T) {
	objects, err := manifests.Render(load(t), "redpanda", "ingress")
	require.NoError(t, err)
	require.Len(t, objects.Ingresses, 1)
	spec := objects.Ingresses[0].Spec
	require.Equal(t, []string{spec.Rules[0].Host}, spec.TLS[0].Hosts)
	require.NotEmpty(t, spec.TLS[0].SecretName)
	var paths []string
	for _, path := range spec.Rules[0].HTTP.Paths {
		paths = append(paths, path.Path)
		require.Equal(t, objects.Services[0].Name, path.Backend.Service.Name)
		require.Equal(t, objects.Services[0].Spec.Ports[0].Name, path.Backend.Service.Port.Name)
	}
	require.Equal(t, fromOutside, paths)
	requireProxyIsKnown(t, objects, spec.Rules[0].Host)
}

// fromOutside are the paths that callers reach: all. api answers neither metrics nor
// probes under its public name, which TestProbesAndMetricsStayInside shows.
var fromOutside = []string{"/"}

// requireProxyIsKnown: behind a proxy, api must know its own name and whom to believe.
func requireProxyIsKnown(t *testing.T, objects *manifests.Objects, host string) {
	t.Helper()
	variables := map[string]string{}
	for _, v := range objects.Deployments[slices.IndexFunc(objects.Deployments, func(d appsv1.Deployment) bool { return d.Name == "api" })].Spec.Template.Spec.Containers[0].Env {
		variables[v.Name] = v.Value
	}
	require.Equal(t, "https://"+host, variables["TICKLER_PUBLIC_URL"])
	require.NotEmpty(t, variables["TICKLER_TRUSTED_PROXIES"])
}

// A local sidecar reads a Resiliency only from the beginning of a file. It takes one that
// stands behind another resource, and any Configuration, for new whenever something happens
// in the folder, and restarts.
func TestLocalSidecarsLoadEachResourceOfAFolderWhenTheyStart(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(manifests.Root, "components", "brokers", "*"))
	require.NoError(t, err)
	for _, folder := range append(folders, filepath.Join(manifests.Root, "components", "apps"), filepath.Join(manifests.Root, "components", "email")) {
		files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for n, document := range strings.Split(string(text), "\n---\n") {
				require.NotRegexp(t, `(?m)^kind: (Configuration|HTTPEndpoint)$`, document, file)
				if n > 0 {
					require.NotRegexp(t, `(?m)^kind: Resiliency$`, document, file)
				}
			}
		}
	}
}

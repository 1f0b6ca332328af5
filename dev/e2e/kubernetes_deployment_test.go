package e2e

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/topics"
	"tickler/internal/version"
)

// The cluster that KUBECONFIG names must have Dapr, installed as docs/deploy.md
// says, and the image. What is not said here is taken from these variables:
const (
	hostVariable  = "TICKLER_HOST"  // an address of this machine that pods can reach; Postgres and the broker listen there
	imageVariable = "TICKLER_IMAGE" // NAME:TAG; default that of make image
	nextVariable  = "TICKLER_NEXT"  // NAME:TAG of another version to upgrade to and back from; default the same again
	urlVariable   = "TICKLER_URL"   // of the Service api, from here; default its cluster IP
	keepVariable  = "TICKLER_KEEP"  // anything, to leave the deployment there for a look at it
	daprVariable  = "TICKLER_DAPR"  // namespace of Dapr, to take its control plane away from the whole cluster for a while
)

const namespace = "tickler"

var deployed = []string{"api", "notifier", "recurrer"}

// deployment is Tickler on a cluster.
type deployment struct {
	stores *stores
	url    string
	logs   *collected
}

// deploy applies the overlay for Redpanda to the cluster as docs/deploy.md says, and
// removes it at the end.
func deploy(t *testing.T) *system {
	t.Helper()
	host := os.Getenv(hostVariable)
	require.NotEmpty(t, host, "%s must be an address of this machine that pods of the cluster can reach", hostVariable)
	repository, err := stack.FindRoot()
	require.NoError(t, err)
	_ = try("delete", "namespace", namespace, "--ignore-not-found", "--timeout=2m")

	d := &deployment{stores: startStores(t, host), logs: &collected{}}
	kubectl(t, "apply", "-f", filepath.Join(repository, "k8s", "base", "namespace.yaml"))
	t.Cleanup(func() {
		if os.Getenv(keepVariable) == "" {
			assert.NoError(t, try("delete", "namespace", namespace, "--timeout=3m"))
		}
	})
	secret(t, "tickler-database", "url", d.stores.url, "ca", string(d.stores.authority))
	secret(t, "tickler-secret-key", "keys", "k1:"+base64.StdEncoding.EncodeToString([]byte(rand.Text()+"012345")))
	secret(t, "tickler-dapr-token-api", "token", rand.Text()) // of its sidecar, with components/agent
	for _, app := range topics.Apps {
		secret(t, "tickler-dapr-token-"+app, "token", rand.Text())
		secret(t, "tickler-app-token-"+app, "token", rand.Text())
		secret(t, "tickler-broker-"+app, "KAFKA_SASL_USERNAME", topics.User(app), "KAFKA_SASL_PASSWORD", rand.Text())
	}
	secret(t, "tickler-broker",
		"KAFKA_BROKERS", d.stores.access.Brokers[0], "KAFKA_SASL_USERNAME", d.stores.access.Username,
		"KAFKA_SASL_PASSWORD", d.stores.access.Password, "KAFKA_CA", string(d.stores.authority))

	d.apply(t, cmp.Or(os.Getenv(imageVariable), "tickler:"+version.Number))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	d.logs.follow(ctx, "notifier")
	d.rolledOut(t)

	d.url = os.Getenv(urlVariable)
	if d.url == "" {
		d.url = "http://api." + namespace
		reach(t, "api."+namespace+":80", kubectl(t, "-n", namespace, "get", "service", "api", "-o", "jsonpath={.spec.clusterIP}")+":80")
	}
	s := &system{cluster: d}
	s.observer, err = observe(d.stores.access)
	require.NoError(t, err)
	t.Cleanup(s.observer.close)
	s.db, err = pgxpool.New(t.Context(), d.stores.url)
	require.NoError(t, err)
	t.Cleanup(s.db.Close)
	t.Cleanup(func() {
		assert.NoError(t, s.observer.check())
		if t.Failed() {
			t.Log(output("-n", namespace, "get", "pods", "-o", "wide"))
			t.Log(output("-n", namespace, "get", "events", "--sort-by=.lastTimestamp"))
			for _, app := range deployed {
				t.Log(output("-n", namespace, "logs", "deployment/"+app, "--all-containers", "--tail=20"))
			}
		}
	})
	return s
}

// apply applies the overlay with an image, and with components of k8s/ beside those that
// the stores want.
func (d *deployment) apply(t *testing.T, image string, components ...string) {
	t.Helper()
	repository, err := stack.FindRoot()
	require.NoError(t, err)
	// kustomize takes relative paths only, so the overlay is in the repository.
	name, tag, _ := strings.Cut(image, ":")
	overlay := filepath.Join(repository, ".tickler", "kubernetes")
	require.NoError(t, os.MkdirAll(overlay, 0o755))
	more := ""
	for _, name := range components {
		more += ", ../../k8s/components/" + name
	}
	require.NoError(t, os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), fmt.Appendf(nil, `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../k8s/overlays/redpanda]
components: [../../k8s/components/broker-users, ../../k8s/components/broker-ca, ../../k8s/components/postgres-ca%s]
images: [{name: tickler, newName: %s, newTag: %q}]
sortOptions:
  order: legacy
  legacySortOptions:
    orderFirst: [Namespace, ServiceAccount, NetworkPolicy, Configuration, Resiliency, Component, Subscription]
    orderLast: [StatefulSet, Job, Deployment]
patches:
  - target: {kind: Deployment, name: api}
    patch: |- # one person does the work of many here
      - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: TICKLER_USER_RATE, value: "0"}}
      - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: TICKLER_USER_CALLS, value: "0"}}
  - target: {kind: Deployment, name: (api|notifier)}
    patch: |- # a person's webhook is on this machine
      - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: TICKLER_ALLOWED_TARGETS, value: %s/32}}
  - target: {kind: NetworkPolicy, name: to-channels}
    patch: |-
      - {op: add, path: /spec/egress/-, value: {to: [{ipBlock: {cidr: %[4]s/32}}]}}
`, more, name, tag, d.stores.host), 0o644))
	kubectl(t, "apply", "-k", overlay)
}

// rolledOut waits for the Jobs, and until every replica of every app is ready.
func (d *deployment) rolledOut(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", namespace, "wait", "--for=condition=complete", "job/migrate", "job/topics", "--timeout=3m")
	rolledOut(t, deployed...)
}

// upgrade is to another version and back, as docs/deploy.md says; without one, to the
// same again.
func (d *deployment) upgrade(t *testing.T) {
	t.Helper()
	next := os.Getenv(nextVariable)
	if next == "" {
		for _, app := range deployed {
			kubectl(t, "-n", namespace, "rollout", "restart", "deployment/"+app)
		}
		rolledOut(t, deployed...)
		return
	}
	for _, image := range []string{next, cmp.Or(os.Getenv(imageVariable), "tickler:"+version.Number)} {
		kubectl(t, "-n", namespace, "delete", "job", "--all", "--ignore-not-found")
		d.apply(t, image)
		d.rolledOut(t)
		require.Equal(t, image, kubectl(t, "-n", namespace, "get", "deployment", "api", "-o", "jsonpath={.spec.template.spec.containers[0].image}"))
	}
}

// reach makes clients in this process find a name of the cluster at an address.
func reach(t *testing.T, name, address string) {
	transport := http.DefaultTransport.(*http.Transport)
	before := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == name {
			to = address
		}
		return before(ctx, network, to)
	}
	t.Cleanup(func() { transport.DialContext = before })
}

// rolledOut waits until every replica of some apps is ready, and of one version.
func rolledOut(t *testing.T, apps ...string) {
	t.Helper()
	for _, app := range apps {
		kubectl(t, "-n", namespace, "rollout", "status", "deployment/"+app, "--timeout=5m")
	}
}

// pods of an app that are not being deleted.
func pods(t *testing.T, app string) []string {
	t.Helper()
	return strings.Fields(kubectl(t, listPods(app)...))
}

func listPods(app string) []string {
	return []string{"-n", namespace, "get", "pods", "-l", "app.kubernetes.io/name=" + app,
		"-o", `go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}`}
}

// requireSteady: no container of a pod that is there was started a second time, be it
// for its memory or for a probe.
func requireSteady(t *testing.T) {
	t.Helper()
	const again = `{{if .restartCount}}{{$p.metadata.name}}/{{.name}} {{.restartCount}} {{.lastState}}; {{end}}`
	found := kubectl(t, "-n", namespace, "get", "pods", "-o",
		`go-template={{range $p := .items}}{{range .status.initContainerStatuses}}`+again+`{{end}}{{range .status.containerStatuses}}`+again+`{{end}}{{end}}`)
	require.Empty(t, found, "containers that were started again")
}

func secret(t *testing.T, name string, pairs ...string) {
	t.Helper()
	folder := t.TempDir()
	args := []string{"-n", namespace, "create", "secret", "generic", name}
	for i := 0; i < len(pairs); i += 2 {
		file := filepath.Join(folder, pairs[i])
		require.NoError(t, os.WriteFile(file, []byte(pairs[i+1]), 0o600))
		args = append(args, "--from-file="+pairs[i]+"="+file)
	}
	kubectl(t, args...)
}

// kubectl runs a command that must succeed and returns what it printed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command("kubectl", args...)
	c.Stderr = &stderr
	printed, err := c.Output()
	require.NoError(t, err, "kubectl %s: %s", strings.Join(args, " "), stderr.String())
	return strings.TrimSpace(string(printed))
}

func try(args ...string) error {
	if printed, err := exec.Command("kubectl", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, printed)
	}
	return nil
}

func output(args ...string) string {
	printed, _ := exec.Command("kubectl", args...).CombinedOutput()
	return string(printed)
}

// collected is what all pods of an app have logged, those that are gone too.
type collected struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *collected) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

// lines are those with a reminder that contain text.
func (c *collected) lines(text string) (found []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.Lines(c.text.String()) {
		if strings.Contains(line, "🔔 REMINDER") && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// follow reads the logs of each pod of an app from its beginning, until ctx ends.
func (c *collected) follow(ctx context.Context, app string) {
	followed := map[string]bool{}
	go func() {
		for ; ctx.Err() == nil; time.Sleep(300 * time.Millisecond) {
			running := output("-n", namespace, "get", "pods", "-l", "app.kubernetes.io/name="+app, "-o",
				`go-template={{range $p := .items}}{{range .status.containerStatuses}}{{if and (eq .name "`+app+`") .state.running}}{{$p.metadata.name}} {{end}}{{end}}{{end}}`)
			for _, pod := range strings.Fields(running) {
				if followed[pod] || !strings.HasPrefix(pod, app) {
					continue
				}
				followed[pod] = true
				logs := exec.CommandContext(ctx, "kubectl", "-n", namespace, "logs", "-f", pod, "-c", app)
				logs.Stdout = c
				go func() { _ = logs.Run() }()
			}
		}
	}()
}

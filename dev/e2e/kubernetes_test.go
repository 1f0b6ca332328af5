package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/topics"
)

// atWork is how long a stream of work on the cluster may take, with all that it must
// bring about: pods stop and start meanwhile.
const atWork = 6 * time.Minute

// TestKubernetes deploys to the cluster that KUBECONFIG names and disturbs it while
// clients work: make test-k8s-e2e.
func TestKubernetes(t *testing.T) {
	if os.Getenv(hostVariable) == "" {
		t.Skip("it wants a cluster: make test-k8s-e2e")
	}
	s := deploy(t)

	t.Run("the loop runs", func(t *testing.T) {
		p := s.person(t, "Europe/Berlin")
		first := p.add(t, fields{"title": "Water the plants", "due_date": in(day), "recurrence_rule": "daily"})
		done := p.call(t, "complete_task", fields{"task_id": first.ID})
		next := s.successor(t, p, first.ID)
		require.Equal(t, done.NextDue, next.DueDate)
		s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, first.ID)

		due := p.add(t, fields{"title": "Call the bank", "due_date": in(minute)})
		s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, due.ID)
		until(t, soon, "the reminder", func() bool { return len(s.reminders(due.ID)) == 1 })
		require.Equal(t, http.StatusUnauthorized, send(t, http.MethodPost, s.MCPURL(), ping, "Authorization", "Bearer tkl_wrong", "Content-Type", "application/json").status)
	})
	t.Run("a webhook is called", func(t *testing.T) { s.callWebhook(t) })
	t.Run("an agent in the mesh reaches the tools and no callback", func(t *testing.T) { s.meetAgent(t) })

	for _, c := range []struct {
		name    string
		slack   int // reminder lines that may come twice: what is printed and not committed when its pod dies
		disturb func(t *testing.T)
	}{
		{"pods are deleted", 0, func(t *testing.T) {
			for _, app := range deployed {
				running := pods(t, app)
				kubectl(t, "-n", namespace, "delete", "pod", running[rand.IntN(len(running))], "--wait=false")
				time.Sleep(time.Duration(rand.IntN(3000)) * time.Millisecond)
			}
			rolledOut(t, deployed...)
		}},
		{"pods are killed", 10, func(t *testing.T) {
			for _, app := range deployed {
				running := pods(t, app)
				kubectl(t, "-n", namespace, "delete", "pod", running[rand.IntN(len(running))], "--wait=false", "--grace-period=1")
			}
			rolledOut(t, deployed...)
		}},
		{"a new version is rolled out", 0, s.cluster.upgrade},
		{"apps are scaled to three and back", 0, func(t *testing.T) {
			for _, replicas := range []int{3, 2} {
				for _, app := range deployed {
					scale(t, app, replicas)
				}
				rolledOut(t, deployed...)
			}
		}},
		{"the broker is restarted", 0, func(t *testing.T) {
			require.NoError(t, s.cluster.stores.restartBroker(0))
		}},
		{"the broker is away for a while", 0, func(t *testing.T) {
			require.NoError(t, s.cluster.stores.restartBroker(10*time.Second))
		}},
		{"Postgres is away for a while", 10, func(t *testing.T) {
			require.NoError(t, s.cluster.stores.restartPostgres(t.Context(), 5*time.Second))
		}},
	} {
		t.Run(c.name+" while clients work", func(t *testing.T) {
			w := beginWithin(t, s, math.MaxInt, atWork)
			w.reaches(t, 50)
			c.disturb(t)
			w.reaches(t, int(w.added.Load())+50)
			w.finish()
			w.ends(t, c.slack)
			requireSteady(t)
			t.Logf("%d tasks were worked on; clients had to repeat calls: %v", w.size, w.again)
		})
	}
	t.Run("everything starts anew while the broker is away", func(t *testing.T) { s.startWithoutTheBroker(t) })
	t.Run("api starts anew while Dapr's control plane is away", func(t *testing.T) { s.startWithoutDapr(t) })
	t.Run("a backup is restored", func(t *testing.T) { s.restoreBackup(t) })
	t.Logf("memory: %v", resident(t))
}

// agent is a pod with the app id agent, of an image that is there already: it waits
// for input that never comes.
const agent = `apiVersion: v1
kind: Pod
metadata:
  name: agent
  annotations:
    dapr.io/enabled: "true"
    dapr.io/app-id: agent
    dapr.io/disable-builtin-k8s-secret-store: "true"
    dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: agent
      image: %s
      command: ["/api", "recurrence", "--jsonl"]
      stdin: true
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

// meetAgent gives api a sidecar, which it has for callers of the mesh alone, and takes
// it away again.
func (s *system) meetAgent(t *testing.T) {
	image := kubectl(t, "-n", namespace, "get", "deployment", "api", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
	s.cluster.apply(t, image, "agent")
	rolledOut(t, "api")
	defer func() {
		kubectl(t, "-n", namespace, "delete", "pod", "agent", "--wait=false")
		s.cluster.apply(t, image)
		rolledOut(t, "api")
	}()
	apply := exec.Command("kubectl", "-n", namespace, "apply", "-f", "-")
	apply.Stdin = bytes.NewReader(fmt.Appendf(nil, agent, image))
	printed, err := apply.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	kubectl(t, "-n", namespace, "wait", "--for=condition=ready", "pod/agent", "--timeout=2m")
	sidecar := forward(t, "pod/agent", "3500")

	p := s.person(t, "")
	invoke := func(app, path, token string) reply {
		return send(t, http.MethodPost, sidecar+"/v1.0/invoke/"+app+"/method/"+path, ping,
			"Authorization", "Bearer "+token, "Content-Type", "application/json", "Accept", "application/json, text/event-stream")
	}
	until(t, later, "the agent to reach the api", func() bool { return invoke("api", "mcp", p.token).status == http.StatusOK })
	require.Equal(t, http.StatusUnauthorized, invoke("api", "mcp", "tkl_wrong").status, "a token is wanted here too")
	require.Equal(t, http.StatusForbidden, invoke("api", "metrics", p.token).status, "nothing else of the api is open")
	for app, path := range map[string]string{"notifier": "reminder-scan", "recurrer": "events/task-recurrence"} {
		require.Equal(t, http.StatusForbidden, invoke(app, path, p.token).status, "%s/%s", app, path)
	}
}

// callWebhook tries what api and notifier must share: the key of the secrets of channels.
func (s *system) callWebhook(t *testing.T) {
	called := make(chan http.Header, 10)
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv(hostVariable), "0"))
	require.NoError(t, err)
	receiver := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Header })}
	go func() { _ = receiver.Serve(listener) }()
	t.Cleanup(func() { _ = receiver.Close() })

	p := s.person(t, "")
	p.call(t, "user_settings", fields{"add_channel": "http://" + listener.Addr().String() + "/hook"})
	p.add(t, fields{"title": "Fetch the parcel", "due_date": in(minute)})
	select {
	case header := <-called:
		require.NotEmpty(t, header.Get("webhook-id"))
		require.True(t, strings.HasPrefix(header.Get("webhook-signature"), "v1,"), "it is signed")
	case <-time.After(soon):
		t.Fatal("nobody called")
	}
}

// resident is how much memory the processes of a pod of each app hold.
func resident(t *testing.T) map[string]string {
	t.Helper()
	held := map[string]string{}
	for _, app := range deployed {
		ports := map[string]string{app: "8080"}
		if slices.Contains(topics.Apps, app) {
			ports[app+"'s sidecar"] = "9090"
		}
		for name, port := range ports {
			found := memory.FindStringSubmatch(send(t, http.MethodGet, forward(t, "pod/"+pods(t, app)[0], port)+"/metrics", "").body)
			require.NotNil(t, found, "%s says nothing of its memory", name)
			bytes, err := strconv.ParseFloat(found[1], 64)
			require.NoError(t, err)
			held[name] = fmt.Sprintf("%.0f MiB", bytes/(1<<20))
		}
	}
	return held
}

var (
	memory    = regexp.MustCompile(`(?m)^process_resident_memory_bytes (\S+)$`)
	forwarded = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)
)

// forward opens a local port to one of a pod, and returns its URL.
func forward(t *testing.T, pod, port string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, "kubectl", "-n", namespace, "port-forward", pod, ":"+port)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	text := make([]byte, 256)
	n, err := out.Read(text)
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	found := forwarded.FindSubmatch(text[:n])
	require.NotNil(t, found, "%s", text[:n])
	return "http://" + string(found[1])
}

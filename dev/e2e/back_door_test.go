package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	commonv1 "github.com/dapr/dapr/pkg/proto/common/v1"
	internalsv1 "github.com/dapr/dapr/pkg/proto/internals/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"tickler/dev/home"
	"tickler/dev/port"
	"tickler/internal/event"
	"tickler/internal/topics"
)

// sidecarURL is the HTTP API of an app's sidecar.
func (s *system) sidecarURL(app string) string {
	return "http://127.0.0.1:" + s.Env()["TICKLER_"+upper(app)+"_DAPR_HTTP_PORT"]
}

// sidecarToken is demanded by an app's sidecar, callbackToken by the app itself.
func (s *system) sidecarToken(app string) string {
	return s.Env()["TICKLER_"+upper(app)+"_DAPR_API_TOKEN"]
}
func (s *system) callbackToken(app string) string {
	return s.Env()["TICKLER_"+upper(app)+"_APP_API_TOKEN"]
}

// withSidecars are the apps that have one here. api asks nothing of its own, and no
// component is in its scope.
var withSidecars = []string{"api", "notifier", "recurrer"}

// It also tries every token of the other apps, which an attacker who takes one of
// them over has.
func TestSidecarWorksForItsAppOnly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, app := range withSidecars {
		tokens := []string{"", "wrong", s.callbackToken(app), s.Token()}
		for _, other := range withSidecars {
			if other != app {
				tokens = append(tokens, s.sidecarToken(other), s.callbackToken(other))
			}
		}
		require.NotContains(t, tokens, s.sidecarToken(app))
		for _, path := range []string{"/v1.0/publish/taskbus/task-events", "/v1.0/invoke/notifier/method/events/task-reminders", "/v1.0/metadata", "/v1.0/secrets/secrets/bulk"} {
			for _, token := range tokens {
				r := send(t, http.MethodPost, s.sidecarURL(app)+path, "{}", "Content-Type", "application/json", "dapr-api-token", token)
				require.Equal(t, http.StatusUnauthorized, r.status, "%s%s with %q", app, path, token)
			}
		}
	}
}

// A sidecar has the broker's credentials in its environment, which the secret store
// of its components reads. The app, which has the sidecar's token, cannot read
// them.
func TestSidecarGivesItsAppNoSecrets(t *testing.T) {
	t.Parallel()
	s := shared(t)
	r := send(t, http.MethodGet, s.sidecarURL("api")+"/v1.0/secrets/secrets/bulk", "", "dapr-api-token", s.sidecarToken("api"))
	require.GreaterOrEqual(t, r.status, 400, "api has no secret store: %s", r.body)
	for _, app := range topics.Apps {
		get := func(path string) reply {
			return send(t, http.MethodGet, s.sidecarURL(app)+"/v1.0/secrets/"+path, "", "dapr-api-token", s.sidecarToken(app))
		}
		r := get("secrets/bulk")
		require.Equal(t, http.StatusOK, r.status)
		require.JSONEq(t, "{}", r.body, "%s gets secrets", app)
		for _, v := range append(s.BrokerAs(app).Variables(), home.Variable{Name: "PATH"}) {
			r := get("secrets/" + v.Name)
			require.Equal(t, http.StatusForbidden, r.status, "%s gets %s", app, v.Name)
			require.True(t, v.Value == "" || !strings.Contains(r.body, v.Value), "%s is told %s", app, v.Name)
		}
		for _, store := range []string{"kubernetes", "env", "taskbus"} {
			require.GreaterOrEqual(t, get(store+"/bulk").status, 400, "%s has a store %s", app, store)
		}
	}
}

// An app's callbacks accept its own sidecar only, not the tokens of another app or
// sidecar.
func TestCallbacksRefuseTheTokensOfOthers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for app, routes := range map[string][]string{
		"notifier": {"events/task-reminders", "events/task-reminders-deadletter", "reminder-scan", "housekeeping"},
		"recurrer": {"events/task-recurrence", "events/task-recurrence-deadletter"},
	} {
		tokens := []string{"", "wrong", s.sidecarToken(app), s.Token()}
		for _, other := range withSidecars {
			if other != app {
				tokens = append(tokens, s.sidecarToken(other), s.callbackToken(other))
			}
		}
		for _, route := range routes {
			for _, token := range tokens {
				r := send(t, http.MethodPost, "http://127.0.0.1:"+s.Env()["TICKLER_"+upper(app)+"_APP_PORT"]+"/"+route, "{}", "Content-Type", "application/json", "dapr-api-token", token)
				require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, r.status, "%s/%s with %q: %s", app, route, token, r.body)
			}
		}
	}
}

func TestAppPublishesToItsOwnTopicsOnly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	reminders, recurrence := event.DeadLetterTopic("task-reminders"), event.DeadLetterTopic("task-recurrence")
	for _, topic := range []string{event.TopicTaskEvents, reminders, "invented"} {
		r := send(t, http.MethodPost, s.sidecarURL("api")+"/v1.0/publish/taskbus/"+topic, "{}", "Content-Type", "application/json", "dapr-api-token", s.sidecarToken("api"))
		require.Equal(t, http.StatusNotFound, r.status, "api has no bus: %s", r.body)
	}
	for app, forbidden := range map[string][]string{
		"notifier": {recurrence, "invented"}, "recurrer": {reminders, "invented"},
	} {
		for _, topic := range forbidden {
			r := send(t, http.MethodPost, s.sidecarURL(app)+"/v1.0/publish/taskbus/"+topic, "{}", "Content-Type", "application/json", "dapr-api-token", s.sidecarToken(app))
			require.Equal(t, http.StatusForbidden, r.status, "%s publishes to %s: %s", app, topic, r.body)
		}
	}
}

// Any app in the mesh can speak to another sidecar on its internal port, as this
// test does. Without an identity that a policy names, it may call nothing.
func TestAppsInTheMeshCannotCallBack(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for app, methods := range map[string][]string{
		"notifier": {"events/task-reminders", "reminder-scan", "housekeeping", "healthz"}, "recurrer": {"events/task-recurrence"},
	} {
		conn, err := grpc.NewClient("127.0.0.1:"+s.internalPort(app), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		for _, method := range methods {
			for _, verb := range []commonv1.HTTPExtension_Verb{commonv1.HTTPExtension_POST, commonv1.HTTPExtension_GET} {
				_, err = internalsv1.NewServiceInvocationClient(conn).CallLocal(t.Context(), &internalsv1.InternalInvokeRequest{
					Ver:     internalsv1.APIVersion_V1,
					Message: &commonv1.InvokeRequest{Method: method, HttpExtension: &commonv1.HTTPExtension{Verb: verb}},
				})
				require.Equal(t, codes.PermissionDenied, status.Code(err), "%s/%s: %v", app, method, err)
			}
		}
	}
}

func (s *system) internalPort(app string) string {
	return s.Env()["TICKLER_"+upper(app)+"_DAPR_INTERNAL_PORT"]
}

// anotherSidecar starts one for an app that is not Tickler's, on the same machine
// and with the credentials of the broker, and returns its address.
func (s *system) anotherSidecar(t *testing.T, id, configuration string) string {
	t.Helper()
	components := filepath.Join(staged.root, "components")
	var env []string
	for _, v := range s.Broker().Variables() {
		env = append(env, v.Name+"="+v.Value)
	}
	http := freePort(t)
	startSidecar(t, id, http, env, "--config", configuration,
		"--resources-path", filepath.Join(components, "apps"), "--resources-path", filepath.Join(components, "brokers", s.Broker().Kind.Components()))
	return "http://" + port.Address(http)
}

// startSidecar starts one on the loopback interface, with the token "its-own", and
// waits until it can be asked.
func startSidecar(t *testing.T, id string, httpPort int, env []string, args ...string) {
	t.Helper()
	daprd := exec.CommandContext(t.Context(), staged.daprd, append([]string{"--app-id", id,
		"--dapr-http-port", strconv.Itoa(httpPort), "--dapr-grpc-port", strconv.Itoa(freePort(t)),
		"--dapr-internal-grpc-port", strconv.Itoa(freePort(t)), "--metrics-port", strconv.Itoa(freePort(t)),
		"--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
		"--log-level", "warn"}, args...)...)
	daprd.Env = append([]string{"HOME=" + os.TempDir(), "DAPR_HOST_IP=127.0.0.1", "DAPR_API_TOKEN=its-own"}, env...)
	beside(t, daprd)
	until(t, later, "the sidecar of "+id+" is up", func() bool {
		return answers("http://" + port.Address(httpPort) + "/v1.0/healthz/outbound")
	})
}

// beside starts a process that ends with the test, and shows what it said if that failed.
func beside(t *testing.T, command *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", command.Path, said.String())
		}
	})
}

func answers(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode/100 == 2
}

func freePort(t *testing.T) int {
	t.Helper()
	picked, err := port.NewPicker().Pick(0) // one each: tests run side by side
	require.NoError(t, err)
	return picked
}

// A sidecar of another app on the same machine, with the same resources and their
// credentials, reaches neither the bus nor an app.
func TestSidecarOfAnotherAppGetsNothing(t *testing.T) {
	t.Parallel()
	s := shared(t)
	url := s.anotherSidecar(t, "stranger", filepath.Join(staged.root, "components", "workers", "configuration.yaml"))
	for _, topic := range []string{"task-events", "task-reminders", "task-recurrence", "task-recurrence-deadletter"} {
		r := send(t, http.MethodPost, url+"/v1.0/publish/taskbus/"+topic, "{}", "Content-Type", "application/json", "dapr-api-token", "its-own")
		require.True(t, slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest}, r.status), "%s: %d %s", topic, r.status, r.body)
	}
	for _, call := range []string{"notifier/method/reminder-scan", "recurrer/method/events/task-recurrence", "api/method/mcp"} {
		r := send(t, http.MethodPost, fmt.Sprintf("%s/v1.0/invoke/%s", url, call), "{}", "Content-Type", "application/json", "dapr-api-token", "its-own")
		require.GreaterOrEqual(t, r.status, 400, call)
	}
	r := send(t, http.MethodPost, url+"/v1.0/publish/taskbus/task-events", "{}", "Content-Type", "application/json", "dapr-api-token", s.sidecarToken("api"))
	require.Equal(t, http.StatusUnauthorized, r.status, "the token of another sidecar")
}

// An agent with a sidecar of its own reaches the tools by the app's name, with a
// token as from anywhere else, and no callback.
func TestAgentInTheMeshReachesTheToolsAndNoCallback(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	text, err := os.ReadFile(filepath.Join(staged.root, "components", "agent", "configuration.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(text), "127.0.0.1:50010")
	// This stack has other ports; and the agent knows where the workers are.
	everywhere := fmt.Sprintf(`127.0.0.1:{{if eq .ID "api"}}%s{{else if eq .ID "notifier"}}%s{{else}}%s{{end}}`, s.internalPort("api"), s.internalPort("notifier"), s.internalPort("recurrer"))
	configuration := filepath.Join(t.TempDir(), "configuration.yaml")
	require.NoError(t, os.WriteFile(configuration, []byte(strings.Replace(string(text), `{{if eq .ID "api"}}127.0.0.1:50010{{end}}`, everywhere, 1)), 0o600))
	url := s.anotherSidecar(t, "agent", configuration)
	invoke := func(app, path, token string) reply {
		return send(t, http.MethodPost, url+"/v1.0/invoke/"+app+"/method/"+path, ping, "Content-Type", "application/json",
			"Accept", "application/json, text/event-stream", "dapr-api-token", "its-own", "Authorization", "Bearer "+token)
	}
	r := invoke("api", "mcp", p.token)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Contains(t, r.body, `"result"`)
	for _, wrong := range []string{"", "tkl_wrong", p.token + "x"} {
		require.Equal(t, http.StatusUnauthorized, invoke("api", "mcp", wrong).status, wrong)
	}
	for app, paths := range map[string][]string{"notifier": {"reminder-scan", "housekeeping", "events/task-reminders", "healthz"}, "recurrer": {"events/task-recurrence"}} {
		for _, path := range paths {
			r := invoke(app, path, p.token)
			require.Equal(t, http.StatusForbidden, r.status, "%s/%s: %s", app, path, r.body)
		}
	}
	for _, path := range []string{"events/task-reminders", "reminder-scan", "dapr/subscribe"} {
		require.Equal(t, http.StatusNotFound, invoke("api", path, p.token).status, "api has no callbacks: %s", path)
	}
}

// Everything that the stack starts listens on the loopback interface alone.
func TestNothingListensOnOtherThanLoopback(t *testing.T) {
	t.Parallel()
	s := shared(t)
	sockets := map[string]bool{} // inodes of sockets that listen elsewhere
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Skip("it looks into /proc, which this system does not have")
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != "0A" { // LISTEN
				continue
			}
			address, _, _ := strings.Cut(fields[1], ":")
			if !slices.Contains([]string{"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}, address) {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	for _, part := range s.Parts() {
		links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.PID(part)))
		require.NoError(t, err)
		for _, link := range links {
			target, err := os.Readlink(link)
			require.False(t, err == nil && sockets[target], "%s listens on other than the loopback interface", part)
		}
	}
}

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/port"
	"tickler/dev/sidecar"
)

// startWorkflows starts the parts of Dapr's control plane that workflows need, and
// returns how a sidecar reaches them.
func startWorkflows(t *testing.T) []string {
	t.Helper()
	built := func(program sidecar.Program) string {
		path, err := sidecar.Build(t.Context(), filepath.Join(staged.root, "dev", "daprd"), program, t.Logf)
		require.NoError(t, err)
		return path
	}
	number := strconv.Itoa
	common := func(health int) []string {
		return []string{"--listen-address", port.Host, "--healthz-listen-address", port.Host, "--healthz-port", number(health),
			"--metrics-listen-address", port.Host, "--metrics-port", number(freePort(t)), "--log-level", "warn"}
	}
	var addresses []string
	var healths []int
	for range 2 {
		addresses = append(addresses, port.Address(freePort(t)))
		healths = append(healths, freePort(t))
	}
	portOf := func(address string) string { return strings.TrimPrefix(address, port.Host+":") }
	beside(t, exec.CommandContext(t.Context(), built(sidecar.Placement), append(common(healths[0]),
		"--port", portOf(addresses[0]), "--initial-cluster", "dapr-placement-0="+port.Address(freePort(t)))...))
	beside(t, exec.CommandContext(t.Context(), built(sidecar.Scheduler), append(common(healths[1]),
		"--port", portOf(addresses[1]), "--override-broadcast-host-port", addresses[1],
		"--etcd-data-dir", t.TempDir(), "--etcd-client-port", number(freePort(t)), "--etcd-client-listen-address", port.Host,
		"--etcd-initial-cluster", "dapr-scheduler-server-0=http://"+port.Address(freePort(t)),
		"--identity-directory-write", t.TempDir())...))
	for _, health := range healths {
		until(t, later, "the control plane is up", func() bool { return answers("http://" + port.Address(health) + "/healthz") })
	}
	return []string{"--placement-host-address", addresses[0], "--scheduler-host-address", addresses[1]}
}

// meshAgent is a Dapr app that has Tickler's tools as workflows of its own sidecar.
type meshAgent struct{ url string }

// agentFor starts a sidecar with what components/agent has, and the token of a person.
func (s *system) agentFor(t *testing.T, p *person, controlPlane []string) meshAgent {
	t.Helper()
	http, resources := freePort(t), t.TempDir()
	files, err := filepath.Glob(filepath.Join(staged.root, "components", "agent", "*.yaml"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		// This stack has other ports than those of dapr.yaml and docs/access.md.
		here := strings.NewReplacer("127.0.0.1:50010", port.Host+":"+s.internalPort("api"), "127.0.0.1:3599", port.Address(http)).Replace(string(text))
		require.NoError(t, os.WriteFile(filepath.Join(resources, filepath.Base(file)), []byte(here), 0o600))
	}
	startSidecar(t, "agent", http, []string{"TICKLER_AUTHORIZATION=Bearer " + p.token, "AGENT_API_TOKEN=its-own"},
		append(controlPlane, "--config", filepath.Join(resources, "configuration.yaml"), "--resources-path", resources)...)
	return meshAgent{"http://" + port.Address(http)}
}

// workflow runs one to its end and returns what came out.
func (a meshAgent) workflow(t *testing.T, name string, input any) string {
	t.Helper()
	body, err := json.Marshal(input)
	require.NoError(t, err)
	r := send(t, http.MethodPost, a.url+"/v1.0-beta1/workflows/dapr/dapr.internal.mcp.tickler."+name+"/start", string(body),
		"Content-Type", "application/json", "dapr-api-token", "its-own")
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	var started struct{ InstanceID string }
	require.NoError(t, json.Unmarshal([]byte(r.body), &started))
	var state struct {
		RuntimeStatus string
		Properties    map[string]string
	}
	until(t, later, "the workflow "+name+" ends", func() bool {
		r := send(t, http.MethodGet, a.url+"/v1.0-beta1/workflows/dapr/"+started.InstanceID, "", "dapr-api-token", "its-own")
		return r.status == http.StatusOK && json.Unmarshal([]byte(r.body), &state) == nil && state.RuntimeStatus != "RUNNING" && state.RuntimeStatus != "PENDING"
	})
	require.Equal(t, "COMPLETED", state.RuntimeStatus, state.Properties)
	return state.Properties["dapr.workflow.output"]
}

// called is what a tool answers.
type called struct {
	IsError           bool
	StructuredContent struct{ Task view }
	Content           []struct{ Text string }
}

func (a meshAgent) tool(t *testing.T, name string, arguments fields) (c called) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.workflow(t, "CallTool."+name, fields{"arguments": arguments})), &c))
	return c
}

// An agent that is a Dapr app has the tools from its own sidecar, by the MCPServer of
// components/agent. It has neither the token nor a client for MCP, and works for the
// person that the token belongs to.
func TestAgentCallsToolsThroughItsOwnSidecar(t *testing.T) {
	t.Parallel()
	s := shared(t)
	ann, bob := s.person(t, ""), s.person(t, "")
	controlPlane := startWorkflows(t)
	a := s.agentFor(t, ann, controlPlane)

	var listed struct{ Tools []struct{ Name string } }
	require.NoError(t, json.Unmarshal([]byte(a.workflow(t, "ListTools", nil)), &listed))
	var names []string
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
	}
	require.Subset(t, names, []string{"add_task", "complete_task", "get_overview", "undo"})

	task := fields{"title": "Water the plants of the office", "idempotency_key": "a-call-of-an-agent"}
	added := a.tool(t, "add_task", task)
	require.False(t, added.IsError, added.Content)
	id := added.StructuredContent.Task.ID
	require.Equal(t, "Water the plants of the office", ann.get(t, id).Title)
	require.Equal(t, "NOT_FOUND", bob.refused(t, "get_task", fields{"task_id": id}).Code, "bob sees his own only")

	// A workflow that lost its sidecar at work calls again: the key makes it once.
	require.Equal(t, id, a.tool(t, "add_task", task).StructuredContent.Task.ID)

	require.False(t, a.tool(t, "complete_task", fields{"task_id": id}).IsError)
	require.True(t, ann.get(t, id).Completed)

	missing := a.tool(t, "get_task", fields{"task_id": id + 1_000_000})
	require.True(t, missing.IsError)
	require.Contains(t, missing.Content[0].Text, "NOT_FOUND")
}

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// officialVariable names dev/mcp once its packages are installed there. Without
// it, what needs Node is skipped: make test-mcp.
const officialVariable = "TICKLER_TEST_MCP"

// node runs a program of dev/mcp with the Node that is installed there.
func node(t *testing.T, env []string, args ...string) {
	t.Helper()
	dir := os.Getenv(officialVariable)
	modules := filepath.Join(dir, "node_modules")
	if !strings.HasSuffix(args[0], ".mjs") {
		args[0] = filepath.Join(modules, ".bin", args[0])
	}
	command := exec.CommandContext(t.Context(), filepath.Join(modules, "node", "bin", "node"), args...)
	command.Dir = dir
	command.Env = append(append(os.Environ(), "PATH="+filepath.Join(modules, "node", "bin")+":"+os.Getenv("PATH")), env...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Logf("%s", output)
}

// python runs a program of dev/mcp with an environment that is installed there.
func python(t *testing.T, env []string, environment, program string) {
	t.Helper()
	dir := os.Getenv(officialVariable)
	command := exec.CommandContext(t.Context(), filepath.Join(dir, ".tools", environment, "bin", "python"), program)
	command.Dir = dir
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Logf("%s", output)
}

// withFixtures is a system whose api is cmd/conformance-api: the MCP transport
// with what the conformance suite looks for beside Tickler's own tools.
func withFixtures(t *testing.T) *system {
	t.Helper()
	if os.Getenv(officialVariable) == "" {
		t.Skipf("%s is not set; run: make test-mcp", officialVariable)
	}
	repository, err := stack.FindRoot()
	require.NoError(t, err)
	root := filepath.Join(staged.root, "with-fixtures")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "bin"), 0o755))
	for _, name := range []string{"dapr.yaml", "components", "dev", "bin/notifier", "bin/recurrer", "bin/tickler-dev"} {
		require.NoError(t, os.Symlink(filepath.Join(staged.root, name), filepath.Join(root, name)))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(root, "bin", "api"), "./cmd/conformance-api")
	build.Dir = filepath.Join(repository, "dev")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return start(t, func(c *stack.Config) {
		c.Root = root
		unlimited(c) // the suite makes hundreds of calls in two seconds, as one user
	})
}

// carrying is the address of a proxy that adds a person's token: the official
// checkers send none.
func carrying(t *testing.T, target, token string) string {
	t.Helper()
	address, err := url.Parse(target)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = address.Scheme, address.Host
		r.Out.Host = r.In.Host
		r.Out.Header.Set("Authorization", "Bearer "+token)
	}}
	server := httptest.NewServer(http.Handler(proxy))
	t.Cleanup(server.Close)
	return server.URL + address.Path
}

// unmet shows what a run of the conformance suite found missing.
func unmet(t *testing.T, results string) {
	_ = filepath.WalkDir(results, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "checks.json" {
			return err
		}
		var checks []struct{ ID, Status, ErrorMessage string }
		text, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(text, &checks) != nil {
			return err
		}
		for _, c := range checks {
			if c.Status == "FAILURE" || c.Status == "WARNING" {
				t.Logf("%s: %s %s: %s", filepath.Base(filepath.Dir(path)), c.Status, c.ID, c.ErrorMessage)
			}
		}
		return nil
	})
}

func TestOfficialCheckersAndClientsAreContent(t *testing.T) {
	s := withFixtures(t)
	for _, revision := range []string{"2026-07-28", "2025-11-25"} {
		t.Run("conformance at "+revision, func(t *testing.T) {
			results := t.TempDir()
			t.Cleanup(func() { unmet(t, results) })
			node(t, nil, "conformance", "server", "--url", carrying(t, s.MCPURL(), s.person(t, "").token),
				"--requirements", revision, "--expected-failures", "expected-"+revision+".yaml", "--output-dir", results)
		})
	}
	t.Run("inspector", func(t *testing.T) {
		node(t, nil, "mcp-inspector", "--cli", carrying(t, shared(t).MCPURL(), shared(t).person(t, "").token), "--transport", "http", "--method", "tools/list", "--strict")
	})
}

// The clients that people connect, and the frameworks that give the tools to models:
// each converts the list of tools, or goes through a whole session.
func TestOfficialClientsGoThroughASession(t *testing.T) {
	if os.Getenv(officialVariable) == "" {
		t.Skipf("%s is not set; run: make test-mcp", officialVariable)
	}
	s := shared(t)
	for _, program := range []string{"session-1.mjs", "session-2.mjs", "session-remote.mjs", "conversions.mjs"} {
		t.Run(program, func(t *testing.T) {
			node(t, []string{"TICKLER_MCP_URL=" + s.MCPURL(), "TICKLER_TOKEN=" + s.person(t, "Europe/Berlin").token}, program)
		})
	}
	for program, environment := range map[string]string{
		"conversions.py": "clients", "session_mcp.py": "clients", "session_fastmcp.py": "clients", "session_langchain.py": "langchain",
	} {
		t.Run(program, func(t *testing.T) {
			python(t, []string{"TICKLER_MCP_URL=" + s.MCPURL(), "TICKLER_TOKEN=" + s.person(t, "Europe/Berlin").token}, environment, program)
		})
	}
}

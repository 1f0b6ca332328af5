package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const (
	// pageVariable names dev/page once its packages are installed there. Without it,
	// what needs Node and a browser is skipped: make test-page.
	pageVariable = "TICKLER_TEST_PAGE"
	// picturesVariable names a folder to put pictures of the pages into.
	picturesVariable = "TICKLER_TEST_PICTURES"
)

// TestPageInABrowser does what a person does, in a real browser on the whole system;
// dev/page/page.mjs holds the steps.
func TestPageInABrowser(t *testing.T) {
	dir := os.Getenv(pageVariable)
	if dir == "" {
		t.Skipf("%s is not set; run: make test-page", pageVariable)
	}
	var failed string
	t.Cleanup(func() { // last of all: after what the system said
		if failed != "" {
			t.Log(failed)
		}
	})
	s := start(t, allowLoopback)
	target := receive(t)
	p := s.person(t, "Europe/Berlin")
	link := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(s.api(t, "user", "link", "--user", p.name)))
	}
	received := func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(len(target.got(r.URL.Query().Get("text"))))
	}
	here := http.NewServeMux()
	here.HandleFunc("/link", link)
	here.HandleFunc("/received", received)
	helper := httptest.NewServer(here)
	t.Cleanup(helper.Close)
	command := exec.CommandContext(t.Context(), "node", "page.mjs")
	command.Dir = dir
	// Passkeys belong to a name, and an address is none.
	page := strings.Replace(strings.TrimSuffix(s.MCPURL(), "/mcp"), "127.0.0.1", "localhost", 1)
	command.Env = append(os.Environ(), "PAGE="+page, "HERE="+helper.URL, "RECEIVER="+target.URL, "PICTURES="+os.Getenv(picturesVariable))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		failed = fmt.Sprintf("%v\n%s", err, output[max(0, strings.Index(string(output), "FAILED")):])
		t.FailNow()
	}
}

package e2e

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// described is a client with a description at an address of its own, and the system
// that can fetch it there: on this machine, over TLS.
func described(t *testing.T) (s *system, document string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"client_id":"https://%s%s","client_name":"A client","redirect_uris":["http://127.0.0.1/callback"],"token_endpoint_auth_method":"none"}`, r.Host, r.URL.Path)
	})
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	s = start(t, func(c *stack.Config) {
		c.AppEnv = map[string]map[string]string{"api": {"TICKLER_ALLOWED_TARGETS": "127.0.0.1/32", "SSL_CERT_FILE": roots}}
	})
	return s, server.URL + "/client.json"
}

// agreeable is a person whose browser says yes to whatever asks. Its address has /agree,
// which opens a URL and answers with where that leads in the end, and /end, which ends
// all connections.
func (s *system) agreeable(t *testing.T, name string) *httptest.Server {
	t.Helper()
	s.api(t, "token", "create", "--user", name)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	read := func(response *http.Response, err error) (string, *http.Response) {
		if err != nil {
			return err.Error(), &http.Response{StatusCode: http.StatusBadGateway}
		}
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(response.Body)
		return string(text), response
	}
	link := regexp.MustCompile(`http://\S+/sign-in/link/\S+`).FindString(s.api(t, "user", "link", "--user", name))
	link = strings.TrimSuffix(s.MCPURL(), "/mcp") + link[strings.Index(link, "/sign-in/"):]
	text, in := read(browser.PostForm(link, nil))
	require.Equal(t, http.StatusSeeOther, in.StatusCode, text)
	seal := regexp.MustCompile(`name="seal" value="([^"]+)"`)
	here := http.NewServeMux()
	here.HandleFunc("/agree", func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query().Get("url")
		text, page := read(browser.Get(asked))
		found := seal.FindStringSubmatch(text)
		if found == nil {
			http.Error(w, fmt.Sprint(page.StatusCode, " ", page.Header.Get("Location"), " ", text), http.StatusBadGateway)
			return
		}
		text, done := read(browser.PostForm(asked, url.Values{"answer": {"connect"}, "seal": {found[1]}}))
		back := done.Header.Get("Location")
		if done.StatusCode != http.StatusSeeOther {
			http.Error(w, text, http.StatusBadGateway)
			return
		}
		if !strings.Contains(back, "//127.0.0.1:9/") { // a client that listens
			_, _ = read(http.Get(back))
		}
		_, _ = io.WriteString(w, back)
	})
	here.HandleFunc("/end", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, s.api(t, "token", "revoke", "--user", name, "all"))
		time.Sleep(2 * time.Second) // for as long a token that was checked just before may work
	})
	server := httptest.NewServer(here)
	t.Cleanup(server.Close)
	return server
}

// ask opens a URL as the person does, and returns where it leads.
func ask(ctx context.Context, here *httptest.Server, address string) (url.Values, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, here.URL+"/agree?url="+url.QueryEscape(address), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, text)
	}
	back, err := url.Parse(string(text))
	if err != nil {
		return nil, err
	}
	return back.Query(), nil
}

func TestClientOfTheOfficialSDKIsConnectedByPastingTheAddress(t *testing.T) {
	s, document := described(t)
	here := s.agreeable(t, "gopher")
	const redirect = "http://127.0.0.1:9/callback"
	for how, config := range map[string]auth.AuthorizationCodeHandlerConfig{
		"by registration": {DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "Go client", RedirectURIs: []string{redirect}, TokenEndpointAuthMethod: "none",
		}}},
		"by its description": {ClientIDMetadataDocumentConfig: &auth.ClientIDMetadataDocumentConfig{URL: document}},
	} {
		t.Run(how, func(t *testing.T) {
			config.RedirectURL = redirect
			config.AuthorizationCodeFetcher = func(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
				told, err := ask(ctx, here, args.URL)
				if err != nil {
					return nil, err
				}
				return &auth.AuthorizationResult{Code: told.Get("code"), State: told.Get("state"), Iss: told.Get("iss")}, nil
			}
			handler, err := auth.NewAuthorizationCodeHandler(&config)
			require.NoError(t, err)
			session, err := mcp.NewClient(&mcp.Implementation{Name: "connect", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: s.MCPURL(), OAuthHandler: handler}, nil)
			require.NoError(t, err)
			defer func() { _ = session.Close() }()
			answer, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "add_task", Arguments: map[string]any{"title": "Water the plants"}})
			require.NoError(t, err)
			require.False(t, answer.IsError)
		})
	}
}

// The clients that people have, each the whole way, by registration and by description:
// connected, refreshed, ended and connected anew.
func TestOfficialClientsAreConnectedByPastingTheAddress(t *testing.T) {
	if os.Getenv(officialVariable) == "" {
		t.Skipf("%s is not set; run: make test-mcp", officialVariable)
	}
	s, document := described(t)
	for i, program := range []string{"connect-1.mjs", "connect-2.mjs", "connect-remote.mjs", "connect_mcp.py"} {
		t.Run(program, func(t *testing.T) {
			here := s.agreeable(t, fmt.Sprint("client-", i))
			env := []string{"TICKLER_MCP_URL=" + s.MCPURL(), "HERE=" + here.URL, "DOCUMENT=" + document}
			if strings.HasSuffix(program, ".py") {
				python(t, env, "clients", program)
			} else {
				node(t, env, program)
			}
		})
	}
}

// The conformance suite's scenarios for authorization servers, all that it has.
func TestOfficialCheckerOfAuthorizationIsContent(t *testing.T) {
	if os.Getenv(officialVariable) == "" {
		t.Skipf("%s is not set; run: make test-mcp", officialVariable)
	}
	s := shared(t)
	here := s.agreeable(t, "conformance")
	node(t, []string{"TICKLER_MCP_URL=" + s.MCPURL(), "HERE=" + here.URL}, "authorization.mjs")
}

// TestConsentInABrowser holds the page of the question to what a browser does with its
// policy; dev/page/consent.mjs has the steps.
func TestConsentInABrowser(t *testing.T) {
	dir := os.Getenv(pageVariable)
	if dir == "" {
		t.Skipf("%s is not set; run: make test-page", pageVariable)
	}
	s := shared(t)
	p := s.person(t, "Europe/Berlin")
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, s.api(t, "user", "link", "--user", p.name))
	}))
	t.Cleanup(here.Close)
	command := exec.CommandContext(t.Context(), "node", "consent.mjs")
	command.Dir = dir
	command.Env = append(os.Environ(), "PAGE="+strings.TrimSuffix(s.MCPURL(), "/mcp"), "HERE="+here.URL)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

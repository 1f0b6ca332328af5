package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/fault"
)

// described is an operation of the OpenAPI document.
type described struct {
	method, path, id string
	inPath, inQuery  fields
	inHeader, inBody fields
	streams, imports bool
}

func (d described) String() string { return d.method + " " + d.path }

func describe(t *testing.T, h *house) []described {
	t.Helper()
	var all []described
	document := h.send(t, "", http.MethodGet, "/openapi.json", nil).body(t)
	for path, methods := range document["paths"].(fields) {
		for method, one := range methods.(fields) {
			operation := one.(fields)
			d := described{method: strings.ToUpper(method), path: path, id: operation["operationId"].(string), inPath: fields{}, inQuery: fields{}, inHeader: fields{}, inBody: fields{}}
			parameters, _ := operation["parameters"].([]any)
			for _, parameter := range parameters {
				p := parameter.(fields)
				in := map[string]fields{"path": d.inPath, "query": d.inQuery, "header": d.inHeader}[p["in"].(string)]
				require.NotNil(t, in, "%s takes %v: teach the test where that stands", d, p)
				in[p["name"].(string)] = p["schema"]
			}
			if body, ok := operation["requestBody"].(fields); ok {
				content := body["content"].(fields)
				d.imports = len(content) > 1
				properties, ok := content["application/json"].(fields)["schema"].(fields)["properties"].(fields)
				require.True(t, ok || d.imports, "%s takes a body that the test cannot read", d)
				if !d.imports {
					d.inBody = properties
				}
			}
			if success, ok := operation["responses"].(fields)["200"].(fields); ok {
				content, _ := success["content"].(fields)
				d.streams = content["text/event-stream"] != nil
			}
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b described) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// request is a call of an operation.
type request struct {
	path    string
	body    any
	headers []string
}

func (r request) String() string { return fmt.Sprint(r.path, r.headers, r.body) }

// request puts the arguments where they belong.
func (d described) request(own fields, arguments map[string]fields) request {
	r := request{path: d.path}
	for name := range d.inPath {
		value, given := arguments["path"][name]
		if !given {
			if value = own[name]; value == nil {
				value = own["path "+name]
			}
		}
		r.path = strings.ReplaceAll(r.path, "{"+name+"}", fmt.Sprint(value))
	}
	query := url.Values{}
	for name, value := range arguments["query"] {
		if several, ok := value.([]string); ok {
			query[name] = several
			continue
		}
		query.Set(name, fmt.Sprint(value))
	}
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	if body := arguments["body"]; len(d.inBody) > 0 {
		r.body = body
	}
	for name, value := range arguments["header"] {
		r.headers = append(r.headers, name, fmt.Sprint(value))
	}
	return r
}

// Calls every operation of the OpenAPI document with each of its inputs set to a
// value of another user.
func TestNoRESTOperationReachesWhatIsAnothers(t *testing.T) {
	twice(t, noRESTOperationReachesWhatIsAnothers)
}

func noRESTOperationReachesWhatIsAnothers(t *testing.T, h *house) {
	ann, eve := h.resident(t, "ann"), h.stranger(t)
	b := settle(t, ann)
	before := ann.state(t)
	tried := 0
	for _, d := range describe(t, h) {
		if d.imports {
			continue // see the next test
		}
		for in, properties := range map[string]fields{"path": d.inPath, "query": d.inQuery, "header": d.inHeader, "body": d.inBody} {
			for _, p := range b.probes(t, d.String()+" "+in, properties) {
				if in == "path" && p.field == "" {
					continue
				}
				tried++
				own := fresh(t, eve)
				with := func(value any) request {
					arguments := map[string]fields{"query": base(d.inQuery, own, ""), "body": base(d.inBody, own, "")}
					if in == "path" || in == "header" {
						arguments[in] = fields{}
						if p.field != "" {
							arguments[in][p.field] = value
						}
					} else {
						arguments[in] = p.build(own, value)
					}
					return d.request(own, arguments)
				}
				r := with(p.value)
				if d.streams {
					requireApart(t, ann, b, before, d.String(), r.String(), eve.followed(t, r.path, r.headers...))
					continue
				}
				a := h.send(t, eve.token, d.method, r.path, r.body, r.headers...)
				requireApart(t, ann, b, before, d.String(), r.String(), a.text+fmt.Sprint(a.header))
				require.Less(t, a.status, 500, "%s %s: %s", d, r, a.text)
				if p.field == "name" {
					require.Less(t, a.status, 300, "that another has the name is nobody's business: %s", a.text)
				}
				if strings.Contains(d.path, "/admin/") {
					require.Equal(t, http.StatusForbidden, a.status, d)
				} else if p.identifying {
					require.Equal(t, fault.NotFound, codeOf(a.body(t)), "%s %s: %s", d, r, a.text)
					missing := with(p.missing())
					other := h.send(t, eve.token, d.method, missing.path, missing.body, missing.headers...)
					require.Equal(t, other.status, a.status, "%s %s", d, r)
					require.Equal(t, veiled(other.text, b.all()...), veiled(a.text, b.all()...), "what is another's is told from what does not exist")
				}
			}
		}
	}
	t.Logf("%d calls", tried)
}

// Ids in an imported document mean nothing if they are another user's.
func TestImportOfAnothersExportMakesCopiesOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.stranger(t)
	b := settle(t, ann)
	before := ann.state(t)
	require.NotContains(t, eve.fetch(t, "/v1/export").text, "Zebra")
	exported := ann.fetch(t, "/v1/export").body(t)
	for range 2 {
		a := h.send(t, eve.token, http.MethodPost, "/v1/import", exported)
		require.Equal(t, http.StatusOK, a.status, a.text)
		b.secrets = nil // it has all of them by now
		requireApart(t, ann, b, before, "import", "", a.text)
	}
	require.NotEmpty(t, eve.call(t, "list_tasks", fields{})["tasks"])
}

// Every route refuses a missing token, an ended one, and one without the scope. The
// routes are those of the router, so none is forgotten.
func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	reader, writer := h.newToken(t, ann.user.UserID, access.TasksRead), h.newToken(t, ann.user.UserID, access.TasksWrite)
	over := h.newToken(t, ann.user.UserID, access.Standard...)
	var id int64
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT max(id) FROM tokens`).Scan(&id))
	n, err := h.store.RevokeToken(t.Context(), ann.user.UserID, id)
	require.NoError(t, err)
	require.Equal(t, 1, n)

	operations := describe(t, h)
	open := map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/openapi.json": true, "/docs": true, "/asyncapi.yaml": true, "/schemas/*file": true,
		"/calendar/:file":  true, // whoever has its secret: TestCalendarShowsTheTasksOfItsOwnerOnly
		"/confirm/:secret": true, // likewise: TestLinkConfirmsItsOwnAddressOnly
		// What clients send that have no token yet: TestCodeIsExchangedByItsClientOnceAndInTime and its neighbours.
		"/oauth/token": true, "/oauth/revoke": true, "/oauth/register": true,
		"/.well-known/oauth-authorization-server": true, "/.well-known/oauth-protected-resource": true, "/.well-known/oauth-protected-resource/mcp": true, "/.well-known/oauth-protected-resource/mcp/": true, "/.well-known/oauth-protected-resource/v1": true,
	}
	for _, route := range h.routes {
		path := strings.NewReplacer(":task_id", "{task_id}", ":category_id", "{category_id}", ":tag_id", "{tag_id}").Replace(route.Path)
		known := path == "/mcp" || path == "/mcp/" || open[path] || door(route.Path) != notThePage || slices.ContainsFunc(operations, func(d described) bool { return d.method == route.Method && d.path == path })
		require.True(t, known, "%s %s is neither described nor listed here as open to everybody: which should it be?", route.Method, route.Path)
	}
	stranger := h.browser(t)
	for _, page := range h.pages(t) {
		a := stranger.visit(page.method, page.path, nil)
		require.Equal(t, http.StatusSeeOther, a.status, page)
		require.Equal(t, "/sign-in", a.header.Get("Location"), page)
	}
	readers := map[string]bool{}
	for _, o := range h.operations.All() {
		readers[o.Name] = o.ReadOnly
		for name, needed := range map[string]access.Scope{reader: access.TasksWrite, writer: access.TasksRead} {
			if o.Needs(nil)[0] != needed { // of a call without arguments, as this one
				continue
			}
			a := h.rpc(t, name, "tools/call", fields{"name": o.Name, "arguments": fields{}})
			require.Equal(t, http.StatusForbidden, a.status, "%s: %s", o.Name, a.text)
			require.Contains(t, a.header.Get("WWW-Authenticate"), string(needed))
		}
	}
	paths := map[string]string{"POST": "/mcp", "GET": "/mcp", "DELETE": "/mcp"}
	requests := []described{}
	for method, path := range paths {
		requests = append(requests, described{method: method, path: path})
	}
	own := fields{"task_id": 1, "path category_id": 1, "path tag_id": 1}
	for _, d := range slices.Concat(requests, operations) {
		path := d.request(own, nil).path
		for what, token := range map[string]string{"no token": "", "a revoked one": over, "half of one": ann.token[:20], "one that is almost right": ann.token[:len(ann.token)-1] + "!", "an id": fmt.Sprint(id)} {
			a := h.send(t, token, d.method, path, nil)
			require.Equal(t, http.StatusUnauthorized, a.status, "%s with %s: %s", d, what, a.text)
			require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
		}
		require.Equal(t, http.StatusBadRequest, h.send(t, ann.token, d.method, path+"?access_token="+ann.token, nil).status, d)
		require.Equal(t, http.StatusForbidden, h.send(t, ann.token, d.method, path, nil, "Origin", "https://evil.example").status, d)
		if d.path == "/mcp" {
			continue
		}
		lacking := reader
		switch {
		case strings.Contains(d.path, "/admin/"):
			lacking = ann.token
		case d.method == http.MethodGet || readers[d.id]:
			lacking = writer
		}
		require.Equal(t, http.StatusForbidden, h.send(t, lacking, d.method, path, nil).status, d)
	}
}

// Each replica checks a token again every two seconds.
func TestRevokedTokenEndsOnEveryReplicaWithinSeconds(t *testing.T) {
	t.Parallel()
	one := build(t, nil)
	two := one.replica(t)
	ann := one.resident(t, "ann")
	status := func(h *house) int { return h.send(t, ann.token, http.MethodGet, "/v1/settings", nil).status }
	require.Equal(t, []int{200, 200}, []int{status(one), status(two)})
	_, err := one.store.RevokeToken(t.Context(), ann.user.UserID, 0)
	require.NoError(t, err)
	revoked := time.Now()
	for _, h := range []*house{one, two} {
		require.Eventually(t, func() bool { return status(h) == http.StatusUnauthorized }, 15*time.Second, 20*time.Millisecond)
	}
	t.Logf("after %s", time.Since(revoked).Round(time.Millisecond))
}

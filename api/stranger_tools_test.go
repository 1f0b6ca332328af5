package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

// Calls every registered tool with each of its inputs set to a value of another
// user. An input that the test does not know fails it: see references.
func TestNoToolReachesWhatIsAnothers(t *testing.T) { twice(t, noToolReachesWhatIsAnothers) }

func noToolReachesWhatIsAnothers(t *testing.T, h *house) {
	ann, eve := h.resident(t, "ann"), h.stranger(t)
	b := settle(t, ann)
	before := ann.state(t)
	tried := 0
	for path, count := range map[string]int{"/mcp": len(h.operations.All()), "/mcp?tools=connector": len(h.operations.Connector())} {
		listed := h.rpcAt(t, eve.token, path, "tools/list", fields{}).body(t)["result"].(fields)["tools"].([]any)
		require.Len(t, listed, count)
		for _, one := range listed {
			tool := one.(fields)
			name := tool["name"].(string)
			for _, p := range b.probes(t, name, tool["inputSchema"].(fields)["properties"].(fields)) {
				tried++
				own := fresh(t, eve)
				arguments := p.build(own, p.value)
				a := h.rpcAt(t, eve.token, path, "tools/call", fields{"name": name, "arguments": arguments})
				require.Equal(t, http.StatusOK, a.status, a.text)
				requireApart(t, ann, b, before, name, text(t, arguments), a.text)
				code := codeOf(a.body(t)["result"].(fields)["structuredContent"].(fields))
				require.NotContains(t, []fault.Code{fault.Internal, fault.Unavailable}, code, "%s %v: %s", name, arguments, a.text)
				if p.field == "name" {
					require.Empty(t, code, "that another has the name is nobody's business: %s", a.text)
				}
				if p.identifying {
					require.Equal(t, fault.NotFound, code, "%s %v: %s", name, arguments, a.text)
					missing := h.rpcAt(t, eve.token, path, "tools/call", fields{"name": name, "arguments": p.build(own, p.missing())})
					require.Equal(t, veiled(missing.text, b.all()...), veiled(a.text, b.all()...), "what is another's is told from what does not exist")
				}
			}
		}
	}
	t.Logf("%d calls", tried)
}

// The rest of MCP: resources, templates, prompts, completion and subscriptions.
func TestNoResourceReachesWhatIsAnothers(t *testing.T) { twice(t, noResourceReachesWhatIsAnothers) }

func noResourceReachesWhatIsAnothers(t *testing.T, h *house) {
	ann, eve := h.resident(t, "ann"), h.stranger(t)
	b := settle(t, ann)
	before := ann.state(t)
	fresh(t, eve)
	list := func(method, of string) []any {
		return h.rpc(t, eve.token, method, fields{}).body(t)["result"].(fields)[of].([]any)
	}
	var uris []string
	for _, one := range list("resources/list", "resources") {
		uris = append(uris, one.(fields)["uri"].(string))
	}
	for _, one := range list("resources/templates/list", "resourceTemplates") {
		template := one.(fields)["uriTemplate"].(string)
		require.Contains(t, template, "{task_id}", "a new template: say here what of ann's it can name")
		for _, id := range []int64{b.task, b.done, b.deleted} {
			uris = append(uris, strings.ReplaceAll(template, "{task_id}", fmt.Sprint(id)))
		}
	}
	require.Greater(t, len(uris), 4)
	for _, uri := range uris {
		a := h.rpc(t, eve.token, "resources/read", fields{"uri": uri})
		requireApart(t, ann, b, before, "read", uri, a.text)
	}
	for _, one := range list("prompts/list", "prompts") {
		prompt := one.(fields)
		for _, argument := range prompt["arguments"].([]any) {
			name := argument.(fields)["name"].(string)
			for _, typed := range []string{"", "o", "p", annsCategory, annsTag} {
				a := h.rpc(t, eve.token, "completion/complete", fields{
					"ref": fields{"type": "ref/prompt", "name": prompt["name"]}, "argument": fields{"name": name, "value": typed},
				})
				require.NotContains(t, a.text, `"error"`)
				requireApart(t, ann, b, before, "complete", typed, a.text)
			}
			a := h.rpc(t, eve.token, "prompts/get", fields{"name": prompt["name"], "arguments": fields{name: annsCategory}})
			requireApart(t, ann, b, before, "prompt", annsCategory, a.text)
		}
	}
}

// A calendar's address is its only secret.
func TestCalendarShowsTheTasksOfItsOwnerOnly(t *testing.T) {
	twice(t, func(t *testing.T, h *house) {
		ann, eve := h.resident(t, "ann"), h.stranger(t)
		b := settle(t, ann)
		fresh(t, eve)
		feed := func(r *resident) string {
			_, path, found := strings.Cut(fmt.Sprint(r.call(t, "user_settings", fields{"calendar_feed": "new"})), "/calendar/")
			require.True(t, found)
			name, _, found := strings.Cut(path, ".ics")
			require.True(t, found)
			return "/calendar/" + name + ".ics"
		}
		anns, eves := feed(ann), feed(eve)
		before := ann.state(t)
		shown := h.send(t, "", http.MethodGet, anns, nil)
		require.Contains(t, shown.text, "Zebra secret")
		require.NotContains(t, shown.text, "Eve's own")
		a := h.send(t, ann.token, http.MethodGet, eves, nil, "If-None-Match", shown.header.Get("ETag"))
		require.Contains(t, a.text, "Eve's own", "whatever else is sent")
		requireApart(t, ann, b, before, "feed", eves, a.text)
		for _, wrong := range []string{"/calendar/.ics", anns[:len(anns)-5] + ".ics", "/calendar/" + eve.token + ".ics", "/calendar/*.ics", "/calendar/%25.ics", "/calendar/%00.ics"} {
			a := h.send(t, eve.token, http.MethodGet, wrong, nil)
			require.Equal(t, http.StatusNotFound, a.status, "%s: %s", wrong, a.text)
		}
		ann.call(t, "user_settings", fields{"calendar_feed": "new"})
		require.Equal(t, http.StatusNotFound, h.send(t, "", http.MethodGet, anns, nil).status, "an address that was replaced")
	})
}

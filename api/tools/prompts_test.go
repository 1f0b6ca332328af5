package tools

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// rpc sends one request to the server as its HTTP clients do.
func (c *caller) rpc(t *testing.T, method, params string) (result, failure fields) {
	t.Helper()
	handler := NewHandler(Config{Operations: c.tools.operations, Labels: c.tools.labels, Version: "test", Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params)
	request := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	request.Header.Set("MCP-Protocol-Version", "2025-11-25")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request.WithContext(operation.WithUser(request.Context(), c.user)))
	var message struct{ Result, Error fields }
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &message), recorder.Body.String())
	return message.Result, message.Error
}

func TestPromptsBeginADayAndAReview(t *testing.T) {
	ann, _ := callers(t)
	ann.call(t, "create_category", `{"name":"Büro"}`)
	ann.call(t, "create_tag", `{"name":"home"}`)
	listed, failure := ann.rpc(t, "prompts/list", `{}`)
	require.Nil(t, failure)
	require.Len(t, listed["prompts"], 2)
	for name, want := range map[string]string{"plan_my_day": `"tags": ["home"]`, "weekly_review": `"category": ["Büro"]`} {
		for arguments, narrowed := range map[string]bool{`{}`: false, `{"category":"Büro","tag":"home"}`: true} {
			got, failure := ann.rpc(t, "prompts/get", fmt.Sprintf(`{"name":%q,"arguments":%s}`, name, arguments))
			require.Nil(t, failure)
			text := got["messages"].([]any)[0].(fields)["content"].(fields)["text"].(string)
			require.Contains(t, text, "get_overview")
			require.NotRegexp(t, "SELECTION|LAST_WEEK", text)
			for _, call := range regexp.MustCompile(`(get_overview|list_tasks) with (\{[^}]*\})`).FindAllStringSubmatch(text, -1) {
				ann.call(t, call[1], call[2])
			}
			require.Equal(t, narrowed, strings.Contains(text, want), text)
		}
	}
}

func TestCompletionOffersTheCallersOwnNames(t *testing.T) {
	ann, bob := callers(t)
	ann.call(t, "create_category", `{"name":"Work"}`)
	ann.call(t, "create_category", `{"name":"Home"}`)
	ann.call(t, "create_tag", `{"name":"home office"}`)
	bob.call(t, "create_category", `{"name":"Workshop"}`)
	complete := func(argument, typed string) []any {
		got, failure := ann.rpc(t, "completion/complete", fmt.Sprintf(`{"ref":{"type":"ref/prompt","name":"plan_my_day"},"argument":{"name":%q,"value":%q}}`, argument, typed))
		require.Nil(t, failure)
		return got["completion"].(fields)["values"].([]any)
	}
	require.Equal(t, []any{"Work"}, complete("category", "wo"))
	require.Equal(t, []any{"Home", "Work"}, complete("category", ""))
	require.Equal(t, []any{"home office"}, complete("tag", "HOME"))
	require.Empty(t, complete("other", ""))
}

func TestResourcesAreTheCallersOwnTaskAndOverview(t *testing.T) {
	ann, bob := callers(t)
	id := ann.add(t, `{"title":"x"}`)
	read := func(c *caller, uri string) (string, fields) {
		got, failure := c.rpc(t, "resources/read", fmt.Sprintf(`{"uri":%q}`, uri))
		if failure != nil {
			return "", failure
		}
		return got["contents"].([]any)[0].(fields)["text"].(string), nil
	}
	text, failure := read(ann, fmt.Sprintf("tickler://tasks/%d", id))
	require.Nil(t, failure)
	require.Contains(t, text, `"version":1`)
	text, failure = read(ann, "tickler://overview")
	require.Nil(t, failure)
	require.Contains(t, text, `"undated":{"count":1`)
	_, failure = read(bob, fmt.Sprintf("tickler://tasks/%d", id))
	require.Contains(t, failure["message"], "among yours")
	for _, missing := range []string{"tickler://tasks/999999", "tickler://tasks/x", "tickler://nothing", "file:///etc/passwd"} {
		_, failure = read(ann, missing)
		require.EqualValues(t, -32002, failure["code"], missing)
		require.Contains(t, failure["message"], "resource not found")
		require.Equal(t, fields{"uri": missing}, failure["data"])
	}
}

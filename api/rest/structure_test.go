package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ids are those of the tasks that a batch added, in its order.
func ids(t *testing.T, batch answer) (all []int) {
	t.Helper()
	for _, one := range batch.body["results"].([]any) {
		all = append(all, int(one.(fields)["task"].(fields)["id"].(float64)))
	}
	return all
}

func TestStructureOverREST(t *testing.T) {
	ann, _ := setup(t)
	tree := ids(t, ann.ok(t, "POST", "/v1/batch", `{"tasks":[{"title":"Bathroom","ref":"b"},{"title":"Tiles","ref":"t","parent_ref":"b","estimate_minutes":60},{"title":"Lay","parent_ref":"b","blocked_by_refs":["t"]},{"title":"Plumber","parent_ref":"b","waiting_for":"an offer"},{"title":"Paint","parent_ref":"b","start_date":"2999-01-01"}]}`))
	bathroom, tiles, lay := tree[0], tree[1], tree[2]
	listed := func(query string) (titles []string) {
		for _, one := range ann.ok(t, "GET", "/v1/tasks?"+query, "").body["tasks"].([]any) {
			titles = append(titles, one.(fields)["title"].(string))
		}
		return titles
	}
	require.Equal(t, []string{"Tiles"}, listed("ready=true"))
	require.Equal(t, []string{"Lay"}, listed("blocked=true"))
	require.Equal(t, []string{"Plumber"}, listed("waiting=true"))
	require.Equal(t, []string{"Bathroom"}, listed("top_level=true"))
	require.Len(t, listed(fmt.Sprintf("parent_id=%d", bathroom)), 4)

	path := func(id int) string { return fmt.Sprintf("/v1/tasks/%d", id) }
	ann.refused(t, 409, "CONFLICT", "parts", "POST", path(bathroom)+"/complete", `{}`)
	ann.refused(t, 409, "CONFLICT", "parent_id", "PATCH", path(bathroom), fmt.Sprintf(`{"parent_id":%d}`, lay))
	ann.refused(t, 409, "CONFLICT", "blocked_by", "PATCH", path(tiles), fmt.Sprintf(`{"blocked_by":[%d]}`, lay))
	ann.ok(t, "POST", path(tiles)+"/complete", `{}`)
	require.Equal(t, []string{"Lay"}, listed("ready=true"))
	moved := ann.ok(t, "PATCH", path(lay), `{"parent_id":null,"blocked_by":null,"waiting_for":"glue"}`).body["task"].(fields)
	require.NotContains(t, moved, "parent_id")
	require.NotContains(t, moved, "blocked_by")
	require.Equal(t, "glue", moved["waiting_for"])
	ann.ok(t, "POST", path(bathroom)+"/complete", `{"parts":"complete"}`)
	require.Equal(t, []string{"Lay"}, listed("status=pending"))
}

func TestCommentsOverREST(t *testing.T) {
	ann, bob := setup(t)
	path := ann.add(t, `{"title":"Bathroom"}`)
	said := func(query string) []any {
		found, _ := ann.ok(t, "GET", path+query, "").body["comments"].([]any)
		return found
	}
	etag := ann.ok(t, "GET", path, "").Header.Get("ETag")
	require.Empty(t, said(""))
	require.Equal(t, []any{"comment"}, ann.ok(t, "PATCH", path, `{"comment":{"text":"<b>see</b>","url":"https://example.com/offer.pdf","title":"Offer","kind":"result"}}`).body["changed"])
	first := said("")[0].(fields)
	require.Equal(t, []any{"<b>see</b>", "https://example.com/offer.pdf", "Offer", "result"}, []any{first["text"], first["url"], first["title"], first["kind"]})
	id := int(first["id"].(float64))
	require.NotEqual(t, etag, ann.ok(t, "GET", path, "").Header.Get("ETag"), "what was said is part of the answer")
	ann.ok(t, "PATCH", path, fmt.Sprintf(`{"comment":{"id":%d,"text":"changed"}}`, id))
	require.NotContains(t, said("")[0], "url", "it becomes what is given")

	const invalid = "INVALID_INPUT"
	for _, c := range []struct {
		status      int
		code, field string
		body        string
	}{
		{400, invalid, "comment", `{"comment":"words"}`},
		{400, invalid, "comment", `{"comment":{}}`},
		{400, invalid, "comment", `{"comment":{"text":" "}}`},
		{400, invalid, "comment", `{"comment":{"text":7}}`},
		{400, invalid, "comment", `{"comment":{"text":"nul\u0000"}}`},
		{400, invalid, "comment", `{"comment":{"text":"` + strings.Repeat("é", 10_001) + `"}}`},
		{400, invalid, "comment", `{"comment":{"url":"javascript:alert(1)"}}`},
		{400, invalid, "comment", `{"comment":{"url":"https://e.org/` + strings.Repeat("x", 2000) + `"}}`},
		{400, invalid, "comment", `{"comment":{"text":"x","title":"of no link"}}`},
		{400, invalid, "comment", `{"comment":{"url":"https://e.org","kind":"poem"}}`},
		{400, invalid, "comment", `{"comment":{"text":"x","author":"ann"}}`},
		{400, invalid, "comment", `{"comment":{"delete":true}}`},
		{400, invalid, "comment", `{"comment":{"id":-1,"text":"x"}}`},
		{404, "NOT_FOUND", "comment", `{"comment":{"id":424242,"text":"x"}}`},
		{404, "NOT_FOUND", "comment", `{"comment":{"id":424242,"delete":true}}`},
	} {
		ann.refused(t, c.status, c.code, c.field, "PATCH", path, c.body)
	}
	ann.refused(t, 400, invalid, "comments_before", "GET", path+"?comments_before=x", "")
	ann.refused(t, 400, invalid, "comments_before", "GET", path+"?comments_before=0", "")
	bob.refused(t, 404, "NOT_FOUND", "task_id", "PATCH", path, `{"comment":{"text":"mine"}}`)
	other := bob.add(t, `{"title":"Bob's"}`)
	bob.refused(t, 404, "NOT_FOUND", "comment", "PATCH", other, fmt.Sprintf(`{"comment":{"id":%d,"text":"mine"}}`, id))
	require.Len(t, said(""), 1)

	for n := range 24 {
		ann.ok(t, "PATCH", path, fmt.Sprintf(`{"comment":{"text":"note %d"}}`, n))
	}
	latest := said("")
	require.Len(t, latest, 3)
	require.Equal(t, "note 23", latest[0].(fields)["text"])
	older := said(fmt.Sprintf("?comments_before=%d", int(latest[2].(fields)["id"].(float64))))
	require.Len(t, older, 20)
	require.Equal(t, "note 20", older[0].(fields)["text"])
	found := ann.ok(t, "GET", "/v1/search?query=changed", "").body["tasks"].([]any)[0].(fields)
	require.Equal(t, []any{"comment: **changed**"}, found["highlights"])
	ann.ok(t, "PATCH", path, fmt.Sprintf(`{"comment":{"id":%d,"delete":true}}`, id))
	require.Empty(t, ann.ok(t, "GET", "/v1/search?query=changed", "").body["tasks"])
}

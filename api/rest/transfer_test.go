package rest_test

import (
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEverythingIsExportedAndImported(t *testing.T) {
	ann, bob := setup(t)
	ann.add(t, `{"title":"x","tags":["a"],"due_date":"2030-03-01","recurrence_rule":"weekly"}`)
	exported := ann.ok(t, "GET", "/v1/export", "")
	require.Contains(t, exported.Header.Get("Content-Disposition"), "attachment")
	tried := bob.ok(t, "POST", "/v1/import?dry_run=true", exported.text)
	require.EqualValues(t, 1, tried.body["created"])
	require.EqualValues(t, 0, bob.ok(t, "GET", "/v1/tasks", "").body["total"])
	require.NotContains(t, tried.body, "settings")
	done := bob.ok(t, "POST", "/v1/import", exported.text)
	require.Equal(t, "created", done.body["rows"].([]any)[0].(fields)["outcome"])
	require.Equal(t, []any{"time_zone"}, done.body["settings"])
	require.EqualValues(t, 1, bob.ok(t, "POST", "/v1/import", exported.text).body["skipped"])

	csv := "TYPE,CONTENT,DESCRIPTION\n"
	for n := range 600 {
		csv += fmt.Sprintf("task,%d,%s\n", n, strings.Repeat("x", 2000))
	}
	require.Greater(t, len(csv), 1<<20)
	require.EqualValues(t, 600, ann.ok(t, "POST", "/v1/import?dry_run=true", csv, "Content-Type", "text/csv; charset=utf-8").body["created"])
	ann.refused(t, 415, "INVALID_INPUT", "Content-Type", "POST", "/v1/import", "x", "Content-Type", "text/plain")
	ann.refused(t, 400, "INVALID_INPUT", "dry_run", "POST", "/v1/import?dry_run=maybe", csv, "Content-Type", "text/csv")
	ann.refused(t, 413, "INVALID_INPUT", "body", "POST", "/v1/import", strings.Repeat("x", 16<<20+1), "Content-Type", "text/csv")
	ann.refused(t, 413, "INVALID_INPUT", "body", "POST", "/v1/tasks", strings.Repeat(" ", 1<<20+1))
}

func TestExportHoldsTheHistoryAndNoSecretAndImportPassesItOver(t *testing.T) {
	ann, bob := setup(t)
	id := ann.add(t, `{"title":"Pay the rent","tags":["home"]}`)
	ann.ok(t, "PATCH", fmt.Sprint(id), `{"priority":"high"}`)
	ann.ok(t, "PATCH", "/v1/settings", `{"add_channel":"ntfy://ntfy.sh/a-topic-that-is-a-secret"}`)
	bob.add(t, `{"title":"bob's own"}`)
	exported := ann.ok(t, "GET", "/v1/export", "")
	var got []string
	for _, one := range exported.body["history"].([]any) {
		change := one.(fields)
		got = append(got, fmt.Sprint(change["object"], " ", change["action"]))
		if change["action"] == "updated" {
			require.Equal(t, fields{"priority": "medium"}, change["before"])
			require.Equal(t, fields{"priority": "high"}, change["after"])
		}
	}
	require.Equal(t, []string{"channel created", "task updated", "task created", "tag created", "user created"}, got)
	require.NotContains(t, exported.text, "a-topic-that-is-a-secret")
	require.NotContains(t, exported.text, "bob's own")
	require.NotContains(t, exported.body, "history_cut")
	done := bob.ok(t, "POST", "/v1/import", exported.text)
	require.EqualValues(t, 1, done.body["created"])
	require.Contains(t, fmt.Sprint(done.body["notes"]), "history of 5 changes was passed over")
}

// form is a form with parts, each a name of a file, or "" for a field, and a content.
func form(t *testing.T, parts ...string) (body, kind string) {
	t.Helper()
	var text strings.Builder
	w := multipart.NewWriter(&text)
	for n := 0; n < len(parts); n += 2 {
		var part io.Writer
		var err error
		if parts[n] == "" {
			part, err = w.CreateFormField("note")
		} else {
			part, err = w.CreateFormFile("file", parts[n])
		}
		require.NoError(t, err)
		_, err = io.WriteString(part, parts[n+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return text.String(), w.FormDataContentType()
}

func TestFileIsUploadedInAForm(t *testing.T) {
	ann, _ := setup(t)
	csv := "TYPE,CONTENT\ntask,x\n"
	for _, parts := range [][]string{{"tasks.csv", csv}, {"", "hello", "tasks.bin", csv, "", "bye"}, {"x.ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR\n"}} {
		body, kind := form(t, parts...)
		require.EqualValues(t, 1, ann.ok(t, "POST", "/v1/import?dry_run=true", body, "Content-Type", kind).body["created"])
	}
	body, kind := form(t, "a.csv", csv, "b.csv", csv)
	require.Contains(t, ann.refused(t, 400, "INVALID_INPUT", "body", "POST", "/v1/import", body, "Content-Type", kind).text, "more than one file")
	require.Contains(t, ann.refused(t, 400, "INVALID_INPUT", "body", "POST", "/v1/import", body[:strings.Index(body, csv)+9], "Content-Type", kind).text, "ends within its file")
	body, kind = form(t, "", "hello")
	require.Contains(t, ann.refused(t, 400, "INVALID_INPUT", "body", "POST", "/v1/import", body, "Content-Type", kind).text, "without a file")
	body, kind = form(t, strings.Split(strings.Repeat("|x|", 20), "|")[:40]...)
	ann.refused(t, 400, "INVALID_INPUT", "body", "POST", "/v1/import", body, "Content-Type", kind)
	ann.refused(t, 400, "INVALID_INPUT", "body", "POST", "/v1/import", "no form", "Content-Type", kind)
	ann.refused(t, 400, "INVALID_INPUT", "Content-Type", "POST", "/v1/import", body, "Content-Type", "multipart/form-data")
	require.EqualValues(t, 0, ann.ok(t, "GET", "/v1/tasks", "").body["total"])
}

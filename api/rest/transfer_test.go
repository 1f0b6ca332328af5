package rest_test

import (
	"fmt"
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

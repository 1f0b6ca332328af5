package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

func TestHistoryInAnExportIsBounded(t *testing.T) {
	for name, text := range map[string]string{"by number": "x", "by size": strings.Repeat("x", 5000)} {
		t.Run(name, func(t *testing.T) {
			read := 0
			changes := func(context.Context, person.Settings) iter.Seq2[journal.Entry, error] {
				return func(yield func(journal.Entry, error) bool) {
					for yield(journal.Entry{Before: json.RawMessage(`{"title":"` + text + `"}`)}, nil) {
						read++
					}
				}
			}
			e := Exported{head: Document{Tasks: []ExportedTask{}}, tasks: func(func(*task.Task, error) bool) {}, comments: func(func(task.Comment, error) bool) {}, changes: changes(t.Context(), person.Settings{})}
			var written bytes.Buffer
			require.NoError(t, e.Write(&written))
			require.LessOrEqual(t, written.Len(), maxHistoryBytes+2<<20)
			require.LessOrEqual(t, read, maxChanges)
			var doc Document
			require.NoError(t, json.Unmarshal(written.Bytes(), &doc))
			require.True(t, doc.HistoryCut)
			require.Len(t, doc.History, read)
		})
	}
}

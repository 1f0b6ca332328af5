package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each misspelt word costs a look at all titles; there can be a hundred in a query.
func TestOnlySomeMisspeltWordsAreLookedAtAndTheAnswerSaysSo(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	ann.call(t, "add_task", fields{"title": "Call the dentist"})
	search := func(query string) fields { return ann.call(t, "search_tasks", fields{"query": query}) }

	few := search("dentits")
	require.Len(t, few["tasks"], 1)
	require.Contains(t, few["note"], `"dentits"`)
	require.Nil(t, search("dentist")["note"])
	many := search("dentits or " + strings.Repeat("grocerys or ", 20) + "librery")
	require.Len(t, many["tasks"], 1, "the first words are forgiven")
	require.Contains(t, many["note"], "first words only")
	last := search(strings.Repeat("grocerys or ", 20) + "dentits")
	require.Empty(t, last["tasks"])
	require.Contains(t, last["note"], "first words only")
}

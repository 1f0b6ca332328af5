package task_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func TestLastWordOfAQueryIsAPrefixUnlessItIsFinished(t *testing.T) {
	cases := []struct{ text, rest, prefix string }{
		{"inv", "", "inv"},
		{"pay inv", "pay", "inv"},
		{"pay inv ", "", ""},
		{`pay "red car"`, "", ""},
		{`"red car" inv`, `"red car"`, "inv"},
		{`pay "red`, "", ""},
		{"pay -inv", "", ""},
		{"pay or", "", ""},
		{"pay or inv", "", ""},
		{"café", "", "café"},
		{"me@example", "", ""},
		{"", "", ""},
		{"-", "", ""},
	}
	for _, c := range cases {
		q := task.ParseQuery(c.text)
		require.Equal(t, c.rest, q.Rest, "%q", c.text)
		require.Equal(t, c.prefix, q.Prefix, "%q", c.text)
	}
}

func TestNearestNameIsFoundOnlyWhenItIsClose(t *testing.T) {
	names := []string{"title", "description", "due_date", "priority"}
	require.Equal(t, "title", task.Nearest("titel", names))
	require.Equal(t, "due_date", task.Nearest("due", names))
	require.Equal(t, "due_date", task.Nearest("DueDate", names))
	require.Empty(t, task.Nearest("zzzzzz", names))
	require.Empty(t, task.Nearest("", nil))
}

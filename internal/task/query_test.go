package task_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/task"
)

func TestQueryIsReadAsPeopleWriteThem(t *testing.T) {
	word := func(text string) task.Term { return task.Term{Text: text} }
	prefix := func(text string) task.Term { return task.Term{Text: text, Prefix: true} }
	phrase := func(text string) task.Term { return task.Term{Text: text, Phrase: true} }
	not := func(term task.Term) task.Term { term.Not = true; return term }
	cases := []struct {
		text string
		want [][]task.Term
	}{
		{"inv", [][]task.Term{{prefix("inv")}}},
		{"pay inv", [][]task.Term{{word("pay"), prefix("inv")}}},
		{" pay  inv ", [][]task.Term{{word("pay"), word("inv")}}},
		{`pay "red car"`, [][]task.Term{{word("pay"), phrase("red car")}}},
		{`"red car" inv`, [][]task.Term{{phrase("red car"), prefix("inv")}}},
		{`pay "red`, [][]task.Term{{word("pay"), phrase("red")}}},
		{`pay"red"car`, [][]task.Term{{word("pay"), phrase("red"), prefix("car")}}},
		{"pay -inv", [][]task.Term{{word("pay"), not(word("inv"))}}},
		{"pay NOT inv", [][]task.Term{{word("pay"), not(word("inv"))}}},
		{`NOT "red car" pay`, [][]task.Term{{not(phrase("red car")), prefix("pay")}}},
		{"pay NOT", [][]task.Term{{word("pay"), prefix("NOT")}}},
		{"NOT NOT pay", [][]task.Term{{not(word("NOT")), prefix("pay")}}},
		{"not pay", [][]task.Term{{word("not"), prefix("pay")}}},
		{`-"red car"`, [][]task.Term{{not(phrase("red car"))}}},
		{"pay or", [][]task.Term{{word("pay")}}},
		{"or pay OR inv", [][]task.Term{{word("pay")}, {prefix("inv")}}},
		{"a b or c", [][]task.Term{{word("a"), word("b")}, {prefix("c")}}},
		{"café", [][]task.Term{{prefix("café")}}},
		{"me@example", [][]task.Term{{prefix("me@example")}}},
		{"C++", [][]task.Term{{word("C++")}}},
		{"-🥛 👍🏽", [][]task.Term{{not(word("🥛")), word("👍🏽")}}},
		{"-", nil},
		{`'; | & ! :* <-> "" ()`, nil},
		{"", nil},
		{"or", nil},
	}
	for _, c := range cases {
		require.Equal(t, c.want, task.ParseQuery(c.text).Any, "%q", c.text)
	}
}

func TestNearestNameIsFoundOnlyWhenItIsClose(t *testing.T) {
	names := []string{"title", "description", "due_date", "priority"}
	require.Equal(t, "title", fault.Nearest("titel", names))
	require.Equal(t, "due_date", fault.Nearest("due", names))
	require.Equal(t, "due_date", fault.Nearest("DueDate", names))
	require.Equal(t, "priority", fault.Nearest("pirority", names), "two letters swapped are one mistake")
	require.Equal(t, "Büro", fault.Nearest("buro", []string{"Bahn", "Büro"}))
	require.Empty(t, fault.Nearest("status", []string{"tags", "title"}))
	require.Empty(t, fault.Nearest("nope", []string{"#home", "a"}))
	require.Empty(t, fault.Nearest("zzzzzz", names))
	require.Empty(t, fault.Nearest("", nil))
}

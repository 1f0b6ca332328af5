package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSearchFindsWhatIsMeant(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Money', 'money' FROM users WHERE subject = $1`, p.name)
	for _, task := range []fields{
		{"title": "Pay the invoices", "description": "for electricity", "category": "Money", "priority": "high", "tags": []string{"bill"}},
		{"title": "Running shoes", "description": "buy new ones, the invoice goes to work"},
		{"title": "Call mother", "description": "about the garden party"},
		{"title": "Party garden chairs", "description": "rent some", "tags": []string{"bill"}},
		{"title": "Über die Brücke", "description": "email bob@example.com about v2.10"},
	} {
		p.add(t, task)
	}
	deleted := p.add(t, fields{"title": "Deleted invoice"})
	p.call(t, "delete_task", fields{"task_id": deleted.ID})

	for _, c := range []struct {
		name   string
		search fields
		want   []string // in their order where there is one
	}{
		{"stemmed", fields{"query": "invoice "}, []string{"Pay the invoices", "Running shoes"}},
		{"stemmed the other way", fields{"query": "paying runs "}, nil},
		{"stemmed verb", fields{"query": "runs "}, []string{"Running shoes"}},
		{"case", fields{"query": "INVOICE "}, []string{"Pay the invoices", "Running shoes"}},
		{"last word as a prefix", fields{"query": "inv"}, []string{"Pay the invoices", "Running shoes"}},
		{"prefix behind a word", fields{"query": "pay invo"}, []string{"Pay the invoices"}},
		{"first word is no prefix, but a typo is forgiven", fields{"query": "invo pay "}, []string{"Pay the invoices"}},
		{"all words", fields{"query": "garden party"}, []string{"Call mother", "Party garden chairs"}},
		{"phrase", fields{"query": `"garden party"`}, []string{"Call mother"}},
		{"phrase in the other order", fields{"query": `"party garden"`}, []string{"Party garden chairs"}},
		{"not", fields{"query": "invoice -shoes"}, []string{"Pay the invoices"}},
		{"not a phrase", fields{"query": `garden -"garden party"`}, []string{"Party garden chairs"}},
		{"or", fields{"query": "shoes or mother"}, []string{"Call mother", "Running shoes"}},
		{"priority", fields{"query": "invoice", "priority": []string{"high", "low"}}, []string{"Pay the invoices"}},
		{"category", fields{"query": "invoice", "category": "money"}, []string{"Pay the invoices"}},
		{"tag", fields{"query": "garden", "tags": []string{"bill"}}, []string{"Party garden chairs"}},
		{"letters of other kinds", fields{"query": "brücke"}, []string{"Über die Brücke"}},
		{"prefix of such", fields{"query": "brü"}, []string{"Über die Brücke"}},
		{"address", fields{"query": "bob@example.com"}, []string{"Über die Brücke"}},
		{"nothing", fields{"query": "xylophone"}, nil},
		{"operators alone", fields{"query": `- " or | & ! ( ) :* <->`}, nil},
		{"SQL", fields{"query": `'; DROP TABLE tasks; --`}, nil},
	} {
		found := p.call(t, "search_tasks", c.search)
		got := titles(found.Tasks)
		if c.name == "or" || c.name == "all words" || strings.HasPrefix(c.name, "letters") {
			slices.Sort(got)
		}
		if c.name == "operators alone" || c.name == "SQL" {
			continue // refused or not, it must be an answer
		}
		require.ElementsMatch(t, c.want, got, c.name)
		require.Equal(t, len(c.want), found.Total, c.name)
		for _, task := range found.Tasks {
			require.Positive(t, task.RelevanceScore, c.name)
		}
	}
	all := p.call(t, "search_tasks", fields{"query": "  "})
	require.Equal(t, []string{"Über die Brücke", "Party garden chairs", "Call mother", "Running shoes", "Pay the invoices"}, titles(all.Tasks), "an empty query lists all, newest first")
}

func TestTitleOutranksDescription(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	p.add(t, fields{"title": "Budget", "description": "numbers"})
	p.add(t, fields{"title": "Meeting", "description": repeat("budget ", 500)})
	p.add(t, fields{"title": "Another meeting", "description": "the budget, once"})
	found := p.call(t, "search_tasks", fields{"query": "budget"})
	require.Equal(t, "Budget", found.Tasks[0].Title)
	require.Len(t, found.Tasks, 3)
	require.True(t, slices.IsSortedFunc(found.Tasks, func(a, b view) int {
		return int((b.RelevanceScore - a.RelevanceScore) * 1e9)
	}), "by relevance, best first")
}

func TestSearchPagesHaveNoGapAndNoDouble(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	for i := range 11 {
		p.add(t, fields{"title": "paged", "description": repeat("paged ", i%4)})
	}
	for _, text := range []string{"paged", ""} {
		whole := p.call(t, "search_tasks", fields{"query": text}).Tasks
		require.Len(t, whole, 11)
		arguments, paged := fields{"query": text, "limit": 4}, []view(nil)
		for range 3 {
			page := p.call(t, "search_tasks", arguments)
			require.Equal(t, 11, page.Total)
			paged = append(paged, page.Tasks...)
			arguments["cursor"] = page.NextCursor
		}
		require.Empty(t, arguments["cursor"])
		require.Equal(t, whole, paged)
	}
	for range 12 {
		p.add(t, fields{"title": "more than a page"})
	}
	require.Len(t, p.call(t, "search_tasks", fields{"query": ""}).Tasks, 20, "twenty by default")
}

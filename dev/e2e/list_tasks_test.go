package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiltersAreANDedAndTheirValuesORed(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, unnest(ARRAY['Home', 'Work']), unnest(ARRAY['home', 'work']) FROM users WHERE subject = $1`, p.name)
	home := query[int64](t, s, `SELECT c.id FROM categories c JOIN users u ON u.id = c.user_id WHERE u.subject = $1 AND name = 'Home'`, p.name)
	a := p.add(t, fields{"title": "a", "priority": "low", "category": "Home", "tags": []string{"red"}, "due_date": "2031-01-01"})
	p.add(t, fields{"title": "b", "priority": "high", "category": "Work", "tags": []string{"red", "blue"}, "due_date": "2031-01-02T12:00:00Z"})
	p.add(t, fields{"title": "c", "priority": "high", "category": "Home", "tags": []string{"blue"}})
	d := p.add(t, fields{"title": "d", "due_date": "2031-01-03T00:00:00Z"})
	gone := p.add(t, fields{"title": "gone", "priority": "high", "tags": []string{"red"}})
	p.call(t, "complete_task", fields{"task_id": d.ID})
	p.call(t, "delete_task", fields{"task_id": gone.ID})

	for _, c := range []struct {
		name   string
		filter fields
		want   string
	}{
		{"none", fields{}, "abcd"},
		{"all", fields{"status": "all"}, "abcd"},
		{"pending", fields{"status": "pending"}, "abc"},
		{"completed", fields{"status": "completed"}, "d"},
		{"one priority", fields{"priority": []string{"high"}}, "bc"},
		{"two priorities", fields{"priority": []string{"low", "high"}}, "abc"},
		{"no priority", fields{"priority": []string{}}, "abcd"},
		{"category in another case", fields{"category": "home"}, "ac"},
		{"category by id", fields{"category": fmt.Sprint(home)}, "ac"},
		{"tag", fields{"tags": []string{"RED"}}, "ab"},
		{"tag by id", fields{"tags": []string{fmt.Sprint(a.TagIDs[0])}}, "ab"},
		{"any of two tags", fields{"tags": []string{"red", "blue"}}, "abc"},
		{"any, said", fields{"tags": []string{"red", "blue"}, "tags_match": "any"}, "abc"},
		{"all of two tags", fields{"tags": []string{"red", "blue"}, "tags_match": "all"}, "b"},
		{"all of a tag named twice", fields{"tags": []string{"red", "Red"}, "tags_match": "all"}, "ab"},
		{"due before a day", fields{"due_before": "2031-01-02"}, "a"},
		{"due before an instant", fields{"due_before": "2031-01-02T12:00:00Z"}, "a"},
		{"due before the next second", fields{"due_before": "2031-01-02T12:00:01Z"}, "ab"},
		{"due after a day", fields{"due_after": "2031-01-02"}, "bd"},
		{"due at the instant", fields{"due_after": "2031-01-02T12:00:00Z"}, "bd"},
		{"due on one day", fields{"due_after": "2031-01-02", "due_before": "2031-01-03"}, "b"},
		{"an empty range", fields{"due_after": "2031-01-03", "due_before": "2031-01-02"}, ""},
		{"priority and tag", fields{"priority": []string{"high"}, "tags": []string{"red"}}, "b"},
		{"priority, tag and category", fields{"priority": []string{"high"}, "tags": []string{"red"}, "category": "Home"}, ""},
		{"status and due", fields{"status": "pending", "due_after": "2031-01-01"}, "ab"},
	} {
		c.filter["sort_by"], c.filter["sort_order"] = "created_at", "asc"
		found := p.call(t, "list_tasks", c.filter)
		require.Equal(t, c.want, strings.Join(titles(found.Tasks), ""), c.name)
		require.Equal(t, len(c.want), found.Total, c.name)
		require.Empty(t, found.NextCursor, c.name)
	}
	require.Equal(t, []string{"d", "c", "b", "a"}, titles(p.call(t, "list_tasks", fields{}).Tasks), "newest first by default")
	require.Contains(t, p.call(t, "list_tasks", fields{"due_before": "2000-01-01"}).text, `"tasks":[]`)
}

func TestPagesHaveNoGapAndNoDoubleInEveryOrder(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	priorities := []string{"low", "urgent", "medium", "high"}
	for i := range 11 {
		task := fields{"title": []string{"beta", "Alpha", "élan", "alpha"}[i%4], "priority": priorities[i%4]}
		if i%3 > 0 {
			task["due_date"] = fmt.Sprintf("2031-01-%02d", 20-i/2)
		}
		p.add(t, task)
	}
	// Many tasks of one instant: ties must not tear a page.
	s.exec(t, `UPDATE tasks SET created_at = '2030-01-01', updated_at = '2030-01-01' WHERE user_id = (SELECT id FROM users WHERE subject = $1) AND id % 2 = 0`, p.name)

	for _, by := range []string{"", "created_at", "updated_at", "due_date", "priority", "title"} {
		for _, order := range []string{"", "asc", "desc"} {
			t.Run(by+" "+order, func(t *testing.T) {
				arguments := fields{}
				if by != "" {
					arguments["sort_by"] = by
				}
				if order != "" {
					arguments["sort_order"] = order
				}
				whole := p.call(t, "list_tasks", arguments).Tasks
				require.Len(t, whole, 11)
				arguments["limit"] = 4
				var paged []view
				sizes := []int{}
				for {
					page := p.call(t, "list_tasks", arguments)
					require.Equal(t, 11, page.Total)
					paged = append(paged, page.Tasks...)
					sizes = append(sizes, len(page.Tasks))
					if page.NextCursor == "" {
						break
					}
					arguments["cursor"] = page.NextCursor
				}
				require.Equal(t, []int{4, 4, 3}, sizes)
				require.Equal(t, whole, paged)
				desc := order == "desc" || (order == "" && by != "due_date" && by != "title")
				require.True(t, slices.IsSortedFunc(paged, func(a, b view) int { return compare(by, desc, a, b) }), "%v", titles(paged))
			})
		}
	}
	first := p.call(t, "list_tasks", fields{"limit": 4, "sort_by": "title"})
	refused := p.refused(t, "list_tasks", fields{"limit": 4, "sort_by": "priority", "cursor": first.NextCursor})
	require.Equal(t, "cursor", refused.Field, "a cursor of another list is refused")
}

// compare is the order that a list promises, as far as answers show it.
func compare(by string, desc bool, a, b view) int {
	result := 0
	switch by {
	case "due_date":
		if a.DueDate == "" || b.DueDate == "" { // without one: last, either way
			return strings.Compare(undated(a), undated(b))
		}
		result = strings.Compare(a.DueDate, b.DueDate)
	case "priority":
		ranks := []string{"low", "medium", "high", "urgent"}
		result = slices.Index(ranks, a.Priority) - slices.Index(ranks, b.Priority)
	case "title":
		result = strings.Compare(strings.ToLower(a.Title)[:1], strings.ToLower(b.Title)[:1])
		if strings.HasPrefix(a.Title, "é") || strings.HasPrefix(b.Title, "é") {
			result = 0 // where it stands is up to the database's collation
		}
	}
	if desc {
		return -result
	}
	return result
}

func undated(v view) string {
	if v.DueDate == "" {
		return "1"
	}
	return "0"
}

func TestPageGoesOnWhileTasksAreAdded(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	for _, title := range []string{"1", "2", "3", "4", "5"} {
		p.add(t, fields{"title": title})
	}
	first := p.call(t, "list_tasks", fields{"limit": 2})
	require.Equal(t, []string{"5", "4"}, titles(first.Tasks))
	p.add(t, fields{"title": "6"})
	p.call(t, "delete_task", fields{"task_id": first.Tasks[1].ID})
	second := p.call(t, "list_tasks", fields{"limit": 2, "cursor": first.NextCursor})
	require.Equal(t, []string{"3", "2"}, titles(second.Tasks))
	require.Equal(t, []string{"1"}, titles(p.call(t, "list_tasks", fields{"limit": 100, "cursor": second.NextCursor}).Tasks))
}

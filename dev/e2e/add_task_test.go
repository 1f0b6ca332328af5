package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddedTaskIsReturnedWhole(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Household', 'household' FROM users WHERE subject = $1`, p.name)
	given := fields{
		"title": "  Pay the rent ", "description": "To the landlord", "priority": "urgent", "due_date": "2031-03-01T17:30:00Z",
		"category": "HOUSEHOLD", "tags": []string{"home", " Money ", "HOME"}, "reminder_offsets": []int{60, 1440, 60},
	}
	added := p.add(t, given)
	require.Equal(t, "Pay the rent", added.Title)
	require.Equal(t, "To the landlord", added.Description)
	require.Equal(t, "urgent", added.Priority)
	require.Equal(t, "2031-03-01T17:30:00Z", added.DueDate)
	require.Equal(t, "Household", added.Category)
	require.Equal(t, []string{"home", "Money"}, added.Tags)
	require.Equal(t, "2031-02-28T17:30:00Z", added.RemindAt)
	require.Equal(t, 1, added.Version)
	require.False(t, added.Completed)
	require.Equal(t, added, p.get(t, added.ID))

	byID := p.add(t, fields{"title": "by ids", "tag_ids": added.TagIDs, "tags": []string{"third"}})
	require.Equal(t, []string{"home", "Money", "third"}, byID.Tags)

	least := p.call(t, "add_task", fields{"title": "least"})
	require.Equal(t, "medium", least.Task.Priority)
	require.Equal(t, "UTC", least.TimeZone)
	require.NotContains(t, least.text, "null", "concise answers leave out what is empty")
	require.NotContains(t, least.text, "version")
}

func TestTextOfEveryKindIsKept(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	for name, title := range map[string]string{
		"200 characters":        repeat("x", 200),
		"200 wide characters":   repeat("漢", 200),
		"200 emoji":             repeat("🔔", 200),
		"combining, from right": "שלום עולם — مرحبا — Z̷͎a̴l̵g̶o",
		"family":                "👩‍👩‍👧‍👦 dinner",
		"markup":                `<script>alert("x")</script> & 'quotes' \ "back"`,
		"SQL":                   `'; DROP TABLE tasks; --`,
		"lines":                 "first\nsecond\tthird",
		"format":                "%s %d {{.}} ${HOME}",
	} {
		added := p.add(t, fields{"title": title, "description": title, "tags": []string{"täg 🏷"}})
		require.Equal(t, title, added.Title, name)
		require.Equal(t, title, p.get(t, added.ID).Description, name)
	}
	long := p.add(t, fields{"title": "long", "description": repeat("ä", 10_000)})
	require.Equal(t, repeat("ä", 10_000), p.get(t, long.ID).Description)
	for _, task := range p.call(t, "list_tasks", fields{}).Tasks {
		require.LessOrEqual(t, len([]rune(task.Description)), 121, "lists abbreviate descriptions")
	}
	most := p.add(t, fields{"title": "most tags", "tags": []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", repeat("ü", 30)}})
	require.Len(t, most.Tags, 10)
}

func TestIdempotencyKeyAddsOnce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	given := fields{"title": "Once", "tags": []string{"a"}, "idempotency_key": "key ✓"}
	first := p.call(t, "add_task", given)
	require.Empty(t, first.Note)
	again := p.call(t, "add_task", given)
	require.Equal(t, first.Task.ID, again.Task.ID)
	require.NotEmpty(t, again.Note, "it says that it was added before")

	refused := p.refused(t, "add_task", fields{"title": "Other", "idempotency_key": "key ✓"})
	require.Equal(t, "CONFLICT", refused.Code)
	require.Equal(t, "idempotency_key", refused.Field)

	p.call(t, "complete_task", fields{"task_id": first.Task.ID})
	p.call(t, "delete_task", fields{"task_id": first.Task.ID})
	require.Equal(t, first.Task.ID, p.call(t, "add_task", given).Task.ID, "what became of it does not matter")

	var racing sync.WaitGroup
	ids := make([]int64, 8)
	for i := range ids {
		racing.Go(func() {
			a, err := p.try(t.Context(), "add_task", fields{"title": "Race", "tags": []string{"new tag"}, "idempotency_key": "race"})
			if err == nil && a.Error == nil {
				ids[i] = a.Task.ID
			}
		})
	}
	racing.Wait()
	for _, id := range ids {
		require.NotZero(t, id)
		require.Equal(t, ids[0], id)
	}
	require.Equal(t, 1, p.call(t, "list_tasks", fields{}).Total)
}

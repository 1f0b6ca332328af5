package e2e

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// overview is what get_overview tells of work that has structure.
type overview struct{ Ready, Waiting, Undated struct{ Tasks []view } }

func (p *person) overview(t testing.TB) (o overview) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(p.call(t, "get_overview", fields{}).text), &o))
	return o
}

// addTree adds tasks that refer to each other, and returns their ids by title.
func (p *person) addTree(t testing.TB, tasks []fields) map[string]int64 {
	t.Helper()
	var added struct{ Results []struct{ Task view } }
	require.NoError(t, json.Unmarshal([]byte(p.call(t, "add_tasks", fields{"tasks": tasks}).text), &added))
	ids := map[string]int64{}
	for _, one := range added.Results {
		ids[one.Task.Title] = one.Task.ID
	}
	require.Len(t, ids, len(tasks))
	return ids
}

// An agent renovates the bathroom for a person, and another program listens.
func TestAgentsDayWithAProject(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Europe/Berlin")
	ids := p.addTree(t, []fields{
		{"title": "Renovate the bathroom", "ref": "bath"},
		{"title": "Choose tiles", "ref": "tiles", "parent_ref": "bath", "estimate_minutes": 60},
		{"title": "Book the plumber", "ref": "plumber", "parent_ref": "bath"},
		{"title": "Lay tiles", "ref": "lay", "parent_ref": "bath", "blocked_by_refs": []string{"tiles", "plumber"}},
		{"title": "Paint", "parent_ref": "bath", "blocked_by_refs": []string{"lay"}},
	})
	bath, tiles, plumber, lay, paint := ids["Renovate the bathroom"], ids["Choose tiles"], ids["Book the plumber"], ids["Lay tiles"], ids["Paint"]
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskBlocked, lay)
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskBlocked, paint)
	now := p.overview(t)
	require.ElementsMatch(t, []string{"Choose tiles", "Book the plumber"}, titles(now.Ready.Tasks))
	require.Equal(t, []string{"Renovate the bathroom"}, titles(now.Undated.Tasks), "a tree counts once")

	// What was found out is said, and seen by who listens.
	p.call(t, "update_task", fields{"task_id": tiles, "comment": fields{"text": "Grey ones, 900 euros.", "url": "https://shop.example/offer.pdf", "title": "Offer"}})
	commented := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCommented, tiles)[0]
	require.NoError(t, commented.check())
	var said event.Commented
	require.NoError(t, json.Unmarshal(commented.Data, &said))
	require.Equal(t, []string{"Choose tiles", "Grey ones, 900 euros.", "https://shop.example/offer.pdf", "Offer", "document", "agent"},
		[]string{said.Title, said.Text, said.URL, said.LinkTitle, said.LinkKind, said.AuthorKind})
	require.Equal(t, []string{"Choose tiles"}, titles(p.call(t, "search_tasks", fields{"query": "900 euros offer"}).Tasks))

	// The plumber has not answered.
	p.call(t, "update_task", fields{"task_id": plumber, "waiting_for": "the plumber's offer"})
	now = p.overview(t)
	require.Equal(t, []string{"Choose tiles"}, titles(now.Ready.Tasks))
	require.Equal(t, []string{"Book the plumber"}, titles(now.Waiting.Tasks))

	p.call(t, "complete_task", fields{"task_id": tiles})
	p.call(t, "update_task", fields{"task_id": plumber, "clear": []string{"waiting_for"}, "comment": fields{"text": "He comes on Monday."}})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCommented, plumber)
	require.Empty(t, s.observer.of(event.TopicTaskEvents, event.TaskUnblocked, lay), "one of two is done")
	p.call(t, "complete_task", fields{"task_id": plumber})
	unblocked := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskUnblocked, lay)[0]
	blocked := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskBlocked, lay)[0]
	created := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, lay)[0]
	require.NoError(t, unblocked.check())
	require.Equal(t, created.partition, unblocked.partition)
	require.Less(t, created.offset, blocked.offset)
	require.Less(t, blocked.offset, unblocked.offset)
	require.Equal(t, []string{"Lay tiles"}, titles(p.overview(t).Ready.Tasks))

	p.call(t, "complete_task", fields{"task_id": lay})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskUnblocked, paint)
	require.Equal(t, "CONFLICT", p.refused(t, "complete_task", fields{"task_id": bath}).Code)
	p.call(t, "complete_task", fields{"task_id": bath, "parts": "complete"})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCompleted, paint)
	now = p.overview(t)
	require.Empty(t, now.Ready.Tasks)
	require.Empty(t, now.Waiting.Tasks)
	require.Empty(t, now.Undated.Tasks)
	for title, id := range ids {
		require.True(t, p.get(t, id).Completed, title)
		require.Len(t, s.observer.of(event.TopicTaskEvents, event.TaskUnblocked, id), map[string]int{"Lay tiles": 1, "Paint": 1}[title], title)
	}
}

package repository_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

// told lists the events that tell whether a task is blocked, in order.
func (b *bundle) told(t *testing.T, id int64) []string {
	t.Helper()
	all := []string{}
	for _, row := range b.outbox(t) {
		if row.TaskID == id && (row.Type == "task.blocked" || row.Type == "task.unblocked") {
			require.Equal(t, "task-events", row.Topic)
			text := row.Type[len("task."):]
			if by := row.Data["blocked_by"]; by != nil {
				text += fmt.Sprint(by)
			}
			all = append(all, text)
		}
	}
	return all
}

func TestEventsTellOnceWhatIsBlocked(t *testing.T) {
	b := setup(t)
	one, two := b.part(t, "One", nil), b.part(t, "Two", nil)
	last := b.part(t, "Last", nil, after(one, two))
	want := []string{fmt.Sprintf("blocked[%d %d]", one.ID, two.ID)}
	require.Equal(t, want, b.told(t, last.ID))
	expect := func(more ...string) {
		t.Helper()
		want = append(want, more...)
		require.Equal(t, want, b.told(t, last.ID))
	}
	do := func(action string, id int64) {
		t.Helper()
		_, err := b.service.Edit(b.ctx, b.ann, task.EditInput{UpdateInput: task.UpdateInput{TaskID: id}, Action: action})
		require.NoError(t, err)
	}
	do("complete", one.ID)
	expect()
	do("complete", two.ID)
	expect("unblocked")
	do("complete", two.ID)
	expect()
	do("reopen", one.ID)
	expect(fmt.Sprintf("blocked[%d]", one.ID))
	do("delete", one.ID)
	expect("unblocked")
	do("reopen", one.ID)
	expect(fmt.Sprintf("blocked[%d]", one.ID))
	require.NoError(t, b.change(t, last.ID, task.Fields{Title: input.Some("Renamed")}))
	expect()
	require.NoError(t, b.change(t, last.ID, task.Fields{BlockedBy: input.Null[[]int64]()}))
	expect("unblocked")
	require.NoError(t, b.change(t, last.ID, task.Fields{BlockedBy: input.Some([]int64{two.ID})}))
	expect()
	require.NoError(t, b.change(t, last.ID, task.Fields{BlockedBy: input.Some([]int64{one.ID})}))
	expect(fmt.Sprintf("blocked[%d]", one.ID))
	do("complete", last.ID)
	do("complete", one.ID)
	do("reopen", one.ID)
	expect() // what is done is told nothing
	do("reopen", last.ID)
	expect(fmt.Sprintf("blocked[%d]", one.ID))
	require.Equal(t, "Renamed", b.get(t, last.ID).Title)
}

// Of those who complete the last blockers at the same moment, exactly one sees that
// nothing is left: no commit is let through before all have done everything else that
// they can.
func TestBlockersCompletedAtOnceUnblockOnce(t *testing.T) {
	b := setup(t)
	one, two := b.part(t, "One", nil), b.part(t, "Two", nil)
	last := b.part(t, "Last", nil, after(one, two))
	_, err := b.pool.Exec(b.ctx, `
		CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(20, 20); RETURN NULL; END';
		CREATE CONSTRAINT TRIGGER wait_for_test AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_test()`)
	require.NoError(t, err)
	holder, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	_, err = holder.Exec(b.ctx, `SELECT pg_advisory_xact_lock(20, 20)`)
	require.NoError(t, err)
	var done sync.WaitGroup
	for _, blocker := range []*task.Task{one, two} {
		done.Go(func() {
			_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: blocker.ID})
			require.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool {
		var waiting int
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting))
		return waiting == 2
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, holder.Rollback(b.ctx))
	done.Wait()
	told := b.told(t, last.ID)
	require.Len(t, told, 2, told)
	require.Equal(t, "unblocked", told[1])
}

func TestARecurringTreeComesAnewOnceWithItsParts(t *testing.T) {
	b := setup(t)
	root := b.part(t, "Clean", nil, func(f *task.Fields) {
		f.DueDate, f.RecurrenceRule, f.StartDate = input.Some("2026-03-27T18:00"), input.Some("weekly"), input.Some("2026-03-26")
	})
	outside := b.part(t, "Outside", nil)
	dust := b.part(t, "Dust", root, func(f *task.Fields) {
		f.DueDate, f.StartDate, f.WaitingFor = input.Some("2026-03-26"), input.Some("2026-03-25T08:00"), input.Some("a cloth")
	})
	deep := b.part(t, "Deep", dust, after(outside))
	mop := b.part(t, "Mop", root, after(dust, deep), func(f *task.Fields) { f.DueDate = input.Some("2026-03-27T17:00") })
	gone := b.part(t, "Gone", root)
	_, err := b.service.Delete(b.ctx, b.ann, gone.ID)
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: mop.ID})
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID, Parts: task.CompleteParts})
	require.NoError(t, err)
	var delivered sync.WaitGroup
	for range 6 {
		delivered.Go(func() {
			_, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, root.ID)
			require.NoError(t, err)
		})
	}
	delivered.Wait()
	open := false
	found, err := b.store.List(b.ctx, b.ann.UserID, task.Filter{Completed: &open}, task.Paging{Sort: task.ByTitle, Limit: 100})
	require.NoError(t, err)
	next := map[string]*task.Task{}
	for _, hit := range found.Hits {
		require.Nil(t, next[hit.Title], "%s came twice", hit.Title)
		next[hit.Title] = hit.Task
	}
	require.Len(t, next, 5)
	zone := b.ann.Zone()
	require.Equal(t, root.ID, *next["Clean"].PreviousTaskID)
	require.Equal(t, "2026-04-03T18:00:00Z", next["Clean"].DueText(zone))
	require.Equal(t, "2026-04-02", next["Clean"].StartText(zone))
	require.Equal(t, "2026-04-02", next["Dust"].DueText(zone))
	require.Equal(t, "2026-04-01T08:00:00Z", next["Dust"].StartText(zone))
	require.Empty(t, next["Dust"].WaitingFor)
	require.Equal(t, "2026-04-03T17:00:00Z", next["Mop"].DueText(zone))
	require.Equal(t, next["Clean"].ID, *next["Dust"].ParentID)
	require.Equal(t, next["Dust"].ID, *next["Deep"].ParentID)
	require.Equal(t, []int64{next["Dust"].ID, next["Deep"].ID}, next["Mop"].BlockedBy)
	require.Empty(t, next["Deep"].BlockedBy, "only blockers within the tree are kept")

	// Reopening takes back all of it, unless somebody touched a part.
	undone, err := b.service.Reopen(b.ctx, b.ann, root.ID)
	require.NoError(t, err)
	require.Equal(t, next["Clean"].ID, undone.TookBack.ID)
	require.Equal(t, []string{"Clean", "Outside"}, b.listed(t, b.ann, pending()))
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID})
	require.NoError(t, err)
	again, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, root.ID)
	require.NoError(t, err)
	parts, err := b.service.List(b.ctx, b.ann, task.ListInput{Structure: task.Structure{ParentID: input.Some(again.ID)}})
	require.NoError(t, err)
	require.NoError(t, b.change(t, parts.Hits[0].ID, task.Fields{Title: input.Some("Touched")}))
	undone, err = b.service.Reopen(b.ctx, b.ann, root.ID)
	require.NoError(t, err)
	require.NotNil(t, undone.KeptSuccessor)
}

// pending lists what is open.
func pending() task.ListInput { return task.ListInput{Status: "pending"} }

func TestARecurringPartComesAgainWhileWhatItIsAPartOfIsOpen(t *testing.T) {
	b := setup(t)
	root := b.part(t, "Project", nil)
	part := b.part(t, "Report", root, func(f *task.Fields) {
		f.DueDate, f.RecurrenceRule = input.Some("2026-03-03T09:00"), input.Some("weekly")
	})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: part.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, part.ID)
	require.NoError(t, err)
	require.Equal(t, root.ID, *next.ParentID)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID, Parts: task.CompleteParts})
	require.NoError(t, err)
	next, err = b.service.CreateSuccessor(b.ctx, b.ann.UserID, next.ID)
	require.NoError(t, err)
	require.Nil(t, next)
}

func TestItemsThatReferToEachOtherAreAddedTogether(t *testing.T) {
	b := setup(t)
	item := func(title, ref, parent string, after ...string) task.TreeItem {
		return task.TreeItem{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some(title)}}, References: task.References{Ref: ref, ParentRef: parent, BlockedByRefs: after}}
	}
	tree := []task.TreeItem{item("Paint", "paint", "bath", "tiles"), item("Bathroom", "bath", ""), item("Tiles", "tiles", "bath", "plumber"), item("Plumber", "plumber", "bath")}
	for i := range tree {
		tree[i].IdempotencyKey = fmt.Sprint("k", i)
	}
	added, err := b.service.AddTree(b.ctx, b.ann, tree)
	require.NoError(t, err)
	require.Equal(t, []string{"Plumber"}, b.listed(t, b.ann, ready()))
	require.Equal(t, []int64{added[2].Task.ID}, b.get(t, added[0].Task.ID).BlockedBy)
	again, err := b.service.AddTree(b.ctx, b.ann, tree)
	require.NoError(t, err)
	require.False(t, again[0].Created)
	require.Equal(t, added[0].Task.ID, again[0].Task.ID)
	require.Len(t, b.listed(t, b.ann, task.ListInput{}), 4)

	for _, wrong := range [][]task.TreeItem{
		{item("A", "a", "b"), item("B", "b", "a")},
		{item("A", "a", "", "b"), item("B", "b", "", "a")},
		{item("A", "a", ""), item("B", "b", "a"), item("C", "c", "nobody")},
		{item("A", "a", ""), item("B", "a", "")},
		{item("A", "a", "", "b"), item("B", "b", "a"), item("", "c", "a")},
		{item("A", "a", "b", "b"), item("B", "b", "", "a"), item("C", "c", "a")},
	} {
		_, err := b.service.AddTree(b.ctx, b.ann, wrong)
		var at *task.ItemError
		if wrong[0].ParentRef == "b" && wrong[1].BlockedByRefs != nil {
			require.ErrorAs(t, err, &at, "A is a part of B and waits for it")
			continue
		}
		require.ErrorAs(t, err, &at, wrong)
	}
	require.Len(t, b.listed(t, b.ann, task.ListInput{}), 4, "a tree that is refused leaves nothing")
}

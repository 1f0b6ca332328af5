package repository_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

// part adds a task that is a part of another, with what else is given.
func (b *bundle) part(t *testing.T, title string, of *task.Task, more ...func(*task.Fields)) *task.Task {
	t.Helper()
	fields := task.Fields{Title: input.Some(title)}
	if of != nil {
		fields.ParentID = input.Some(of.ID)
	}
	for _, change := range more {
		change(&fields)
	}
	return b.add(t, b.ann, fields)
}

func after(blockers ...*task.Task) func(*task.Fields) {
	return func(f *task.Fields) {
		var ids []int64
		for _, one := range blockers {
			ids = append(ids, one.ID)
		}
		f.BlockedBy = input.Some(ids)
	}
}

func (b *bundle) change(t *testing.T, id int64, fields task.Fields) error {
	t.Helper()
	_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: id, Fields: fields})
	return err
}

func (b *bundle) get(t *testing.T, id int64) *task.Task {
	t.Helper()
	found, err := b.service.Get(b.ctx, b.ann, id)
	require.NoError(t, err)
	return found
}

// listed returns the titles of the tasks that a list has, in order of creation.
func (b *bundle) listed(t *testing.T, user person.Settings, in task.ListInput) []string {
	t.Helper()
	in.SortBy, in.SortOrder, in.Limit = task.ByTitle, "asc", task.MaxLimit
	found, err := b.service.List(b.ctx, user, in)
	require.NoError(t, err)
	titles := []string{}
	for _, hit := range found.Hits {
		titles = append(titles, hit.Title)
	}
	require.Equal(t, len(titles), found.Total)
	return titles
}

func ready() task.ListInput {
	return task.ListInput{Structure: task.Structure{Ready: input.Some(true)}}
}

func TestTreesHaveFiveLevels(t *testing.T) {
	b := setup(t)
	var chain []*task.Task
	for level := range task.MaxDepth {
		var parent *task.Task
		if level > 0 {
			parent = chain[level-1]
		}
		chain = append(chain, b.part(t, fmt.Sprint("Level ", level+1), parent))
	}
	_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("Too deep"), ParentID: input.Some(chain[4].ID)}})
	requireCode(t, err, fault.LimitExceeded, "parent_id")
	two := b.part(t, "Two levels", nil)
	b.part(t, "of them", two)
	requireCode(t, b.change(t, two.ID, task.Fields{ParentID: input.Some(chain[3].ID)}), fault.LimitExceeded, "parent_id")
	require.NoError(t, b.change(t, two.ID, task.Fields{ParentID: input.Some(chain[2].ID)}))
	require.NoError(t, b.change(t, two.ID, task.Fields{ParentID: input.Null[int64]()}))
	require.Nil(t, b.get(t, two.ID).ParentID)
}

func TestATaskHasTwoHundredOpenParts(t *testing.T) {
	b := setup(t)
	root := b.part(t, "Root", nil)
	var last *task.Task
	for n := range task.MaxParts {
		last = b.part(t, fmt.Sprint("Part ", n), root)
	}
	_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("One more"), ParentID: input.Some(root.ID)}})
	requireCode(t, err, fault.LimitExceeded, "parent_id")
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: last.ID})
	require.NoError(t, err)
	b.part(t, "One more", root)
	require.Equal(t, task.Standing{OpenParts: task.MaxParts, DoneParts: 1}, b.get(t, root.ID).Standing)
}

func TestMovingKeepsEverythingElseAndNeverGoesUnderAnOwnPart(t *testing.T) {
	b := setup(t)
	root, other := b.part(t, "Root", nil), b.part(t, "Other", nil)
	part := b.part(t, "Part", root, func(f *task.Fields) {
		f.DueDate, f.Tags, f.WaitingFor = input.Some("2026-03-10T09:00"), input.Some([]string{"home"}), input.Some("an answer")
	})
	own := b.part(t, "Own", part)
	for _, wrong := range []*task.Task{root, part, own} {
		requireCode(t, b.change(t, root.ID, task.Fields{ParentID: input.Some(wrong.ID)}), fault.Conflict, "parent_id")
	}
	before := b.get(t, part.ID)
	require.NoError(t, b.change(t, part.ID, task.Fields{ParentID: input.Some(other.ID)}))
	moved := b.get(t, part.ID)
	require.Equal(t, other.ID, *moved.ParentID)
	moved.ParentID, moved.Version, moved.UpdatedAt = before.ParentID, before.Version, before.UpdatedAt
	require.Equal(t, before, moved)
	require.Equal(t, []string{"Own"}, b.listed(t, b.ann, task.ListInput{Structure: task.Structure{ParentID: input.Some(part.ID)}}))
}

func TestWhatIsAnothersIsNoParentAndNoBlocker(t *testing.T) {
	b := setup(t)
	theirs, mine := b.add(t, b.bob, task.Fields{Title: input.Some("Theirs")}), b.part(t, "Mine", nil)
	gone := b.part(t, "Gone", nil)
	_, err := b.service.Delete(b.ctx, b.ann, gone.ID)
	require.NoError(t, err)
	for _, id := range []int64{theirs.ID, gone.ID, 1 << 40} {
		requireCode(t, b.change(t, mine.ID, task.Fields{ParentID: input.Some(id)}), fault.NotFound, "parent_id")
		requireCode(t, b.change(t, mine.ID, task.Fields{BlockedBy: input.Some([]int64{id})}), fault.NotFound, "blocked_by")
		_, err = b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), ParentID: input.Some(id)}})
		requireCode(t, err, fault.NotFound, "parent_id")
		_, err = b.service.List(b.ctx, b.ann, task.ListInput{Structure: task.Structure{ParentID: input.Some(id)}})
		requireCode(t, err, fault.NotFound, "parent_id")
	}
}

func TestACircleIsRefusedAndNamed(t *testing.T) {
	b := setup(t)
	a := b.part(t, "Tile", nil)
	c := b.part(t, "Plumb", nil, after(a))
	d := b.part(t, "Paint", nil, after(c))
	err := b.change(t, a.ID, task.Fields{BlockedBy: input.Some([]int64{d.ID})})
	requireCode(t, err, fault.Conflict, "blocked_by")
	require.ErrorContains(t, err, fmt.Sprintf("%d → %d → %d → %d", a.ID, d.ID, c.ID, a.ID))
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Hint, `"Plumb"`)
	require.NotContains(t, e.Plain().Hint+e.Plain().Message, "Plumb", "who may not read is told no title")
	require.NotContains(t, e.Plain().Message, fmt.Sprint(c.ID), "nor which tasks depend on each other")
	requireCode(t, b.change(t, a.ID, task.Fields{BlockedBy: input.Some([]int64{a.ID})}), fault.Conflict, "blocked_by")

	// Parts come before what they are parts of, at any depth.
	root := b.part(t, "Root", nil)
	deep := root
	for level := range task.MaxDepth - 1 {
		deep = b.part(t, fmt.Sprint("Level ", level+2), deep)
	}
	requireCode(t, b.change(t, deep.ID, task.Fields{BlockedBy: input.Some([]int64{root.ID})}), fault.Conflict, "blocked_by")
	require.NoError(t, b.change(t, root.ID, task.Fields{BlockedBy: input.Some([]int64{deep.ID})}), "it waits for its part anyway")
	require.NoError(t, b.change(t, root.ID, task.Fields{BlockedBy: input.Null[[]int64]()}))
	waits := b.part(t, "Waits for the root", nil, after(root))
	requireCode(t, b.change(t, waits.ID, task.Fields{ParentID: input.Some(b.parentOf(t, deep))}), fault.Conflict, "parent_id")
}

func (b *bundle) parentOf(t *testing.T, one *task.Task) int64 { return *b.get(t, one.ID).ParentID }

func TestACircleIsFoundThroughFiftyBlockers(t *testing.T) {
	b := setup(t)
	first := b.part(t, "First", nil)
	last := first
	for level := range 4 {
		blockers := []*task.Task{last}
		for n := range task.MaxBlockers - 1 {
			blockers = append(blockers, b.part(t, fmt.Sprint("Side ", level, n), nil))
		}
		last = b.part(t, fmt.Sprint("Level ", level), nil, after(blockers...))
	}
	err := b.change(t, first.ID, task.Fields{BlockedBy: input.Some([]int64{last.ID})})
	requireCode(t, err, fault.Conflict, "blocked_by")
	require.Equal(t, 5, strings.Count(err.Error(), "→"), err)
	var ids []int64
	for n := range task.MaxBlockers + 1 {
		ids = append(ids, int64(n+1))
	}
	requireCode(t, b.change(t, first.ID, task.Fields{BlockedBy: input.Some(ids)}), fault.LimitExceeded, "blocked_by")
}

func TestCompletingWithOpenPartsIsTheCallersDecision(t *testing.T) {
	b := setup(t)
	tree := func() (root, part, deep *task.Task) {
		root = b.part(t, "Root", nil)
		part = b.part(t, "Part", root)
		return root, part, b.part(t, "Deep", part)
	}
	root, part, deep := tree()
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID})
	requireCode(t, err, fault.Conflict, "parts")
	require.ErrorContains(t, err, "2 open parts")
	require.False(t, b.get(t, deep.ID).Completed())
	done, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID, Parts: task.CompleteParts})
	require.NoError(t, err)
	require.Equal(t, 2, done.Parts)
	for _, one := range []*task.Task{root, part, deep} {
		require.True(t, b.get(t, one.ID).Completed())
	}
	root, part, _ = tree()
	_, err = b.service.Edit(b.ctx, b.ann, task.EditInput{UpdateInput: task.UpdateInput{TaskID: root.ID}, Action: "complete", Parts: task.KeepParts})
	require.NoError(t, err)
	require.True(t, b.get(t, root.ID).Completed())
	require.False(t, b.get(t, part.ID).Completed())
}

func TestDeletingTakesPartsAlongAndRestoringBringsBackThose(t *testing.T) {
	b := setup(t)
	root := b.part(t, "Root", nil)
	part, before := b.part(t, "Part", root), b.part(t, "Deleted before", root)
	deep := b.part(t, "Deep", part)
	_, err := b.service.Delete(b.ctx, b.ann, before.ID)
	require.NoError(t, err)
	gone, err := b.service.Delete(b.ctx, b.ann, root.ID)
	require.NoError(t, err)
	require.Equal(t, 2, gone.Parts)
	require.Empty(t, b.listed(t, b.ann, task.ListInput{}))
	back, err := b.service.Reopen(b.ctx, b.ann, root.ID)
	require.NoError(t, err)
	require.Equal(t, 2, back.Parts)
	require.Equal(t, []string{"Deep", "Part", "Root"}, b.listed(t, b.ann, task.ListInput{}))
	require.Equal(t, part.ID, b.parentOf(t, deep))

	// A part whose parent is gone comes back by itself, with its own parts.
	_, err = b.service.Delete(b.ctx, b.ann, root.ID)
	require.NoError(t, err)
	back, err = b.service.Reopen(b.ctx, b.ann, part.ID)
	require.NoError(t, err)
	require.Nil(t, back.Task.ParentID)
	require.Equal(t, 1, back.Parts)
	require.Contains(t, strings.Join(back.Task.Notes, " "), "no part of task")
	require.Equal(t, []string{"Deep", "Part"}, b.listed(t, b.ann, task.ListInput{}))
}

func TestOnlyTheRootOfATreeRecurs(t *testing.T) {
	b := setup(t)
	daily := func(f *task.Fields) {
		f.RecurrenceRule, f.DueDate = input.Some("daily"), input.Some("2026-03-03T09:00")
	}
	root := b.part(t, "Root", nil, daily)
	part := b.part(t, "Part", root)
	_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), ParentID: input.Some(part.ID), RecurrenceRule: input.Some("daily")}})
	requireCode(t, err, fault.InvalidInput, "recurrence_rule")
	requireCode(t, b.change(t, part.ID, task.Fields{RecurrenceRule: input.Some("daily")}), fault.InvalidInput, "recurrence_rule")
	plain := b.part(t, "Plain", nil)
	recurring := b.part(t, "Recurring part", plain, daily)
	requireCode(t, b.change(t, plain.ID, task.Fields{RecurrenceRule: input.Some("daily")}), fault.InvalidInput, "recurrence_rule")
	requireCode(t, b.change(t, plain.ID, task.Fields{ParentID: input.Some(root.ID)}), fault.InvalidInput, "recurrence_rule")
	require.NoError(t, b.change(t, recurring.ID, task.Fields{RecurrenceRule: input.Null[string]()}))
	require.NoError(t, b.change(t, plain.ID, task.Fields{ParentID: input.Some(root.ID)}))
}

func TestReadyIsWhatCanBeBegun(t *testing.T) {
	b := setup(t)
	b.part(t, "Plain", nil)
	root := b.part(t, "Has an open part", nil)
	part := b.part(t, "Part", root)
	blocked := b.part(t, "Blocked", nil, after(part))
	b.part(t, "Not started", nil, func(f *task.Fields) { f.StartDate = input.Some("2026-03-03") })
	b.part(t, "Started", nil, func(f *task.Fields) { f.StartDate = input.Some("2026-03-02") })
	b.part(t, "Waiting", nil, func(f *task.Fields) { f.WaitingFor = input.Some("the plumber") })
	require.Equal(t, []string{"Part", "Plain", "Started"}, b.listed(t, b.ann, ready()))
	require.Equal(t, []string{"Blocked"}, b.listed(t, b.ann, task.ListInput{Structure: task.Structure{Blocked: input.Some(true)}}))
	require.Equal(t, []string{"Waiting"}, b.listed(t, b.ann, task.ListInput{Structure: task.Structure{Waiting: input.Some(true)}}))
	require.Equal(t, []string{"Blocked", "Has an open part", "Not started", "Waiting"}, b.listed(t, b.ann, task.ListInput{Structure: task.Structure{Ready: input.Some(false)}}))
	require.Equal(t, []string{"Part"}, b.listed(t, b.ann, task.ListInput{Structure: task.Structure{TopLevel: input.Some(false)}}))
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: part.ID})
	require.NoError(t, err)
	require.Equal(t, []string{"Blocked", "Has an open part", "Plain", "Started"}, b.listed(t, b.ann, ready()))
	require.True(t, b.get(t, blocked.ID).Ready(b.now))
	_, err = b.service.Reopen(b.ctx, b.ann, part.ID)
	require.NoError(t, err)
	_, err = b.service.Delete(b.ctx, b.ann, part.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"Blocked", "Has an open part", "Plain", "Started"}, b.listed(t, b.ann, ready()))
}

func TestOverviewShowsWhatIsReadyAndCountsATreeOnce(t *testing.T) {
	b := setup(t)
	plain, err := b.service.Overview(b.ctx, b.ann, task.OverviewInput{})
	require.NoError(t, err)
	require.Nil(t, plain.Ready, "nobody uses structure")
	root := b.part(t, "Root", nil, func(f *task.Fields) { f.EstimateMinutes = input.Some(10) })
	part := b.part(t, "Part", root)
	b.part(t, "Deep", part, func(f *task.Fields) { f.EstimateMinutes = input.Some(30) })
	b.part(t, "Due", root, func(f *task.Fields) { f.DueDate = input.Some("2026-03-02T09:00") })
	b.part(t, "Waiting", nil, func(f *task.Fields) { f.WaitingFor, f.DueDate = input.Some("an answer"), input.Some("2026-03-01") })
	b.part(t, "Later", nil, func(f *task.Fields) { f.StartDate = input.Some("2026-04-01") })
	over, err := b.service.Overview(b.ctx, b.ann, task.OverviewInput{})
	require.NoError(t, err)
	require.Equal(t, 1, over.Undated.Total)
	require.Equal(t, "Root", over.Undated.Hits[0].Title)
	require.Equal(t, 40, over.Undated.EstimateMinutes, "with its parts")
	require.Equal(t, 1, over.Today.Total)
	require.Zero(t, over.Overdue.Total)
	require.Equal(t, 1, over.Waiting.Total)
	require.Equal(t, 2, over.Ready.Total)
}

func TestRemindersRestWhileWaitingAndUntilTheStart(t *testing.T) {
	b := setup(t)
	one := b.part(t, "Ask", nil, func(f *task.Fields) {
		f.DueDate, f.ReminderOffsets = input.Some("2026-03-02T12:00"), input.Some([]int{180, 30})
	})
	require.Equal(t, "2026-03-02T09:00:00Z", task.FormatTime(one.RemindAt, b.ann.Zone()))
	require.NoError(t, b.change(t, one.ID, task.Fields{WaitingFor: input.Some("an answer")}))
	require.Nil(t, b.get(t, one.ID).RemindAt)
	require.NoError(t, b.change(t, one.ID, task.Fields{WaitingFor: input.Null[string]()}))
	require.Equal(t, "2026-03-02T09:00:00Z", task.FormatTime(b.get(t, one.ID).RemindAt, b.ann.Zone()))
	require.NoError(t, b.change(t, one.ID, task.Fields{StartDate: input.Some("2026-03-02T10:00")}))
	require.Equal(t, "2026-03-02T11:30:00Z", task.FormatTime(b.get(t, one.ID).RemindAt, b.ann.Zone()))
	requireCode(t, b.change(t, one.ID, task.Fields{StartDate: input.Some("2026-03-03")}), fault.InvalidInput, "start_date")
	requireCode(t, b.change(t, one.ID, task.Fields{DueDate: input.Some("2026-03-02T09:00")}), fault.InvalidInput, "due_date")
	requireCode(t, b.change(t, one.ID, task.Fields{WaitingFor: input.Some(strings.Repeat("x", task.MaxWaitingFor+1))}), fault.InvalidInput, "waiting_for")
}

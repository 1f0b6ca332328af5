package history_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

func TestEachKindOfChangeIsUndoneAndRedone(t *testing.T) {
	for name, change := range kinds {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			of := b.world(t)
			before, events := b.state(t), b.events(t)
			call := b.do(t, func(ctx context.Context) error { return change(ctx, b, of) })
			b.recur(t)
			after := b.state(t)
			require.NotEqual(t, before, after, "the change changes something")

			dry, err := b.try(history.UndoInput{CallID: call, DryRun: true})
			require.NoError(t, err)
			require.Empty(t, dry.Blocked)
			require.Positive(t, dry.Count)
			require.Equal(t, after, b.state(t), "a dry run changes nothing")

			changed := b.events(t) - events
			undone := b.undo(t, call)
			require.Equal(t, dry.Count, undone.Count, "as the dry run said")
			b.recur(t) // the completed event is delivered again
			require.Equal(t, before, b.state(t))
			if changed > 0 {
				require.Greater(t, b.events(t), events+changed, "what takes a task back is told")
			}
			taken := map[int64]bool{}
			for _, e := range b.of(t, undone.CallID.String()) {
				require.Equal(t, phone, e.By)
				taken[e.Undoes] = true
			}
			for _, e := range b.of(t, call) {
				if e.Action.Notice() {
					continue
				}
				require.True(t, taken[e.ID], "an entry points to change %d: %s %s", e.ID, e.Object, e.Action)
			}
			again, err := b.try(history.UndoInput{CallID: call})
			require.NoError(t, err)
			require.Zero(t, again.Count)
			require.Positive(t, again.Already)

			if name == "a channel" || name == "a calendar feed" {
				_, err := b.try(history.UndoInput{CallID: undone.CallID.String()})
				requireCode(t, err, fault.Conflict, "user_settings")
				return
			}
			redone := b.undo(t, undone.CallID.String())
			b.recur(t)
			require.Equal(t, after, b.state(t), "an undo that is undone")
			b.undo(t, redone.CallID.String())
			b.recur(t)
			require.Equal(t, before, b.state(t), "and once more")
		})
	}
}

func TestUndoIsRefusedWhereTheObjectHasMovedOn(t *testing.T) {
	for name, change := range kinds {
		later := map[string]func(ctx context.Context, b *bundle, of map[string]int64) error{
			"changing every field": kinds["a past due date"], "giving a rule": kinds["completing"], "another zone": kinds["deleting a tag"], "completing in series": nil,
			"rescheduling": kinds["skipping"], "deleting": nil, "renaming a category": func(ctx context.Context, b *bundle, _ map[string]int64) error {
				_, err := b.labels.DeleteCategory(ctx, b.ann, label.CategoryInput{Category: "Home"})
				return err
			}, "the time zone": kinds["the time zone, and tasks with it"],
			"snoozing": kinds["untagging"], "tagging": kinds["completing"], "skipping": kinds["deleting"],
		}[name]
		if later == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			of := b.world(t)
			call := b.do(t, func(ctx context.Context) error { return change(ctx, b, of) })
			ctx, since := b.call(phone)
			if name == "the time zone" {
				require.NoError(t, b.set(ctx, person.SettingsInput{TimeZone: "America/New_York"}))
			} else {
				require.NoError(t, later(ctx, b, of))
			}
			state := b.state(t)
			_, err := b.try(history.UndoInput{CallID: call})
			requireCode(t, err, fault.Conflict, "nothing was undone")
			dry, err := b.try(history.UndoInput{CallID: call, DryRun: true})
			require.NoError(t, err)
			require.NotEmpty(t, dry.Blocked)
			if by := dry.Blocked[0].By; by != nil {
				require.Equal(t, since, by.CallID.String(), "it tells what stands in the way")
				require.Equal(t, phone, by.By)
			}
			require.Equal(t, state, b.state(t))
		})
	}
}

// What was changed since and changed back by undo does not stand in the way.
func TestWhatWasUndoneSinceStandsInNobodysWay(t *testing.T) {
	b := setup(t)
	id := b.add(t, title("one")).ID
	before := b.state(t)
	first := b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title("two")) })
	second := b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title("three")) })
	_, err := b.try(history.UndoInput{CallID: first})
	requireCode(t, err, fault.Conflict, fmt.Sprintf("task %d: it was changed since", id))
	undone := b.undo(t, second)
	redone := b.undo(t, undone.CallID.String())
	_, err = b.try(history.UndoInput{CallID: first})
	requireCode(t, err, fault.Conflict, "changed since")
	b.undo(t, redone.CallID.String())
	b.undo(t, first)
	require.Equal(t, before, b.state(t))
}

func TestAConnectionsWorkIsUndoneSinceAMoment(t *testing.T) {
	b := setup(t)
	kept := b.add(t, title("by the phone")).ID
	b.do(t, func(ctx context.Context) error { return b.update(ctx, kept, title("before that moment")) })
	b.now = b.now.Add(time.Hour)
	since, before := b.now.Format(time.RFC3339), b.state(t)
	of := map[string]int64{}
	b.do(t, func(ctx context.Context) error {
		added, err := b.tasks.Add(ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("water"), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily"), Tags: input.Some([]string{"plants"})}})
		of["Series"] = added.Task.ID
		return err
	})
	b.do(t, func(ctx context.Context) error { return b.complete(ctx, of["Series"]) })
	b.recur(t)
	var next int64
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM tasks WHERE previous_task_id = $1`, of["Series"]).Scan(&next))
	b.do(t, func(ctx context.Context) error { return b.update(ctx, next, title("water them")) })
	b.do(t, func(ctx context.Context) error {
		_, err := b.tasks.SkipOccurrence(ctx, b.ann, next)
		return err
	})
	b.do(t, func(ctx context.Context) error {
		_, err := b.labels.DeleteTag(ctx, b.ann, label.TagInput{Tag: "plants"})
		return err
	})
	b.do(t, func(ctx context.Context) error { return b.set(ctx, person.SettingsInput{TimeZone: "Asia/Tokyo"}) })
	listed, err := b.changes.List(b.ctx, b.ann, history.ListInput{By: "laptop"})
	require.NoError(t, err)
	for _, same := range []string{"LAPTOP", "ｌaptop"} {
		again, err := b.changes.List(b.ctx, b.ann, history.ListInput{By: same})
		require.NoError(t, err)
		require.Equal(t, listed.Changes, again.Changes, "names have no case")
	}
	for _, connection := range []string{"laptop", "Laptop", "71"} {
		done, err := b.try(history.UndoInput{Connection: connection, Since: since})
		require.NoError(t, err, connection)
		require.Empty(t, done.Blocked)
		b.recur(t)
		var open int
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM tasks WHERE deleted_at IS NULL`).Scan(&open))
		require.Equal(t, 1, open)
		if connection != "71" {
			b.undo(t, done.CallID.String()) // and so once more, by its id
		}
	}
	require.Equal(t, before, b.state(t))
	_, err = b.try(history.UndoInput{Connection: "toaster", Since: since})
	requireCode(t, err, fault.NotFound, "by that connection")
}

func TestPartialUndoesWhatItCan(t *testing.T) {
	b := setup(t)
	one, two := b.add(t, title("one")).ID, b.add(t, title("two")).ID
	call := b.do(t, func(ctx context.Context) error {
		if err := b.update(ctx, one, title("1")); err != nil {
			return err
		}
		return b.update(ctx, two, title("2"))
	})
	ctx, _ := b.call(phone)
	require.NoError(t, b.update(ctx, two, title("zwei")))
	_, err := b.try(history.UndoInput{CallID: call})
	requireCode(t, err, fault.Conflict, "1 of 2")
	done, err := b.try(history.UndoInput{CallID: call, Partial: true})
	require.NoError(t, err)
	require.Equal(t, 1, done.Count)
	require.Len(t, done.Blocked, 1)
	require.Equal(t, two, done.Blocked[0].ObjectID)
	for id, want := range map[int64]string{one: "one", two: "zwei"} {
		got, err := b.tasks.Get(b.ctx, b.ann, id)
		require.NoError(t, err)
		require.Equal(t, want, got.Title)
	}
}

// A description may be long, and a task have changed very often.
func TestManyChangesInTheWayAreCountedAndSomeListedWithoutContent(t *testing.T) {
	b := setup(t)
	since := b.now.Format(time.RFC3339)
	id := b.add(t, title("0")).ID
	for n := range 90 {
		b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title(fmt.Sprint(n))) })
	}
	ctx, last := b.call(phone)
	require.NoError(t, b.update(ctx, id, title("mine now")))
	done, err := b.try(history.UndoInput{Connection: "laptop", Since: since, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, 89, done.InTheWay, "the first is no change: the title was 0 already")
	require.Len(t, done.Blocked, 50)
	for _, o := range done.Blocked {
		require.Equal(t, last, o.By.CallID.String())
		require.Empty(t, string(o.Before)+string(o.After)+string(o.By.Before)+string(o.By.After))
	}
	_, err = b.try(history.UndoInput{Connection: "laptop", Since: since})
	requireCode(t, err, fault.Conflict, "89 of 89")
	b.undo(t, last)
	done, err = b.try(history.UndoInput{Connection: "laptop", Since: since})
	require.NoError(t, err)
	require.Equal(t, 89, done.Count)
}

// The completed event may come after the completion was taken back, and again.
func TestAnOccurrenceNeverFollowsACompletionThatWasUndone(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error { return b.complete(ctx, of["Series"]) })
	undone := b.undo(t, call) // before the recurrer heard of it
	for range 2 {
		b.recur(t)
		require.Equal(t, before, b.state(t))
	}
	b.undo(t, undone.CallID.String())
	for range 2 {
		b.recur(t)
	}
	var n int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM tasks WHERE previous_task_id = $1`, of["Series"]).Scan(&n))
	require.Equal(t, 1, n, "done again, it is followed once")
}

func TestReopeningRemovesAnOccurrenceThatUndoBrought(t *testing.T) {
	for _, series := range []string{"Series", "Tree"} {
		t.Run(series, func(t *testing.T) {
			b := setup(t)
			id := b.add(t, task.Fields{Title: input.Some("water"), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily")}).ID
			if series == "Tree" {
				b.add(t, task.Fields{Title: input.Some("fill the can"), ParentID: input.Some(id)})
			}
			_, err := b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id, Parts: task.CompleteParts})
			require.NoError(t, err)
			b.recur(t)
			reopen := func(ctx context.Context) error {
				reopened, err := b.tasks.Reopen(ctx, b.ann, id)
				require.NoError(t, err)
				require.Nil(t, reopened.KeptSuccessor)
				require.NotNil(t, reopened.TookBack)
				return nil
			}
			for range 2 {
				b.undo(t, b.do(t, reopen))
			}
			b.do(t, reopen)
			var n int
			require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM tasks WHERE parent_id IS NULL`).Scan(&n))
			require.Equal(t, 1, n)

			_, err = b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id, Parts: task.CompleteParts})
			require.NoError(t, err)
			b.recur(t)
			b.undo(t, b.do(t, reopen))
			var next int64
			require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM tasks WHERE previous_task_id = $1`, id).Scan(&next))
			require.NoError(t, b.update(b.ctx, next, title("mine now")))
			reopened, err := b.tasks.Reopen(b.ctx, b.ann, id)
			require.NoError(t, err)
			require.NotNil(t, reopened.KeptSuccessor, "it was changed after it came back")
		})
	}
}

func TestASuccessorThatSomebodyTouchedStandsInTheWay(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	call := b.do(t, func(ctx context.Context) error { return b.complete(ctx, of["Series"]) })
	b.recur(t)
	var next int64
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM tasks WHERE previous_task_id = $1`, of["Series"]).Scan(&next))
	ctx, touched := b.call(phone)
	require.NoError(t, b.update(ctx, next, title("mine now")))
	_, err := b.try(history.UndoInput{CallID: call})
	requireCode(t, err, fault.Conflict, "the occurrence that followed it was changed since")
	b.undo(t, touched)
	b.undo(t, call)
	_, err = b.tasks.Get(b.ctx, b.ann, next)
	requireCode(t, err, fault.NotFound, "no task")
}

func TestOneChangeIsUndoneByItsID(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error { return kinds["reopening"](ctx, b, of) })
	entries := b.of(t, call)
	require.Equal(t, []journal.Action{journal.Reopened, journal.Deleted}, []journal.Action{entries[0].Action, entries[1].Action})
	_, err := b.try(history.UndoInput{ChangeID: entries[1].ID})
	requireCode(t, err, fault.Conflict, "is open now")
	done, err := b.try(history.UndoInput{ChangeID: entries[0].ID})
	require.NoError(t, err)
	require.Equal(t, 2, done.Count, "the next occurrence comes back with it")
	require.Equal(t, before, b.state(t))
}

func TestWhatCannotBeTakenBackIsListed(t *testing.T) {
	b := setup(t)
	id := b.add(t, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00")}).ID
	require.NoError(t, b.set(b.ctx, person.SettingsInput{AddChannel: "ntfy://ntfy.example.com/topic"}))
	delivery, err := b.people.Delivery(b.ctx, b.ann)
	require.NoError(t, err)
	call := b.do(t, func(ctx context.Context) error {
		if err := b.update(ctx, id, title("y")); err != nil {
			return err
		}
		return b.set(ctx, person.SettingsInput{RemoveChannel: delivery.Channels[0].ID})
	})
	b.remind(t)
	done := b.undo(t, call)
	require.Equal(t, 1, done.Count)
	require.Len(t, done.Lasting, 2)
	reasons := done.Lasting[0].Reason + done.Lasting[1].Reason
	require.Contains(t, reasons, "a reminder was sent")
	require.Contains(t, reasons, "add_channel adds it again")
	var sent int64
	for _, e := range b.entries(t) {
		if e.Action == journal.Reminded {
			sent = e.ID
		}
	}
	_, err = b.try(history.UndoInput{ChangeID: sent})
	requireCode(t, err, fault.Conflict, "a reminder was sent")
}

func TestANameThatIsTakenStandsInTheWay(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	call := b.do(t, func(ctx context.Context) error { return kinds["deleting a tag"](ctx, b, of) })
	_, err := b.labels.CreateTag(b.ctx, b.ann, label.CreateTagInput{Name: "HOME"})
	require.NoError(t, err)
	_, err = b.try(history.UndoInput{CallID: call})
	requireCode(t, err, fault.Conflict, "another has its name")
	created := b.do(t, func(ctx context.Context) error { return kinds["a category"](ctx, b, of) })
	require.NoError(t, b.update(b.ctx, of["Plain"], task.Fields{Category: input.Some("Garden")}))
	_, err = b.try(history.UndoInput{CallID: created})
	requireCode(t, err, fault.Conflict, "tasks have it by other changes")
}

func TestUndoSaysWhatItTakes(t *testing.T) {
	b := setup(t)
	for words, in := range map[string]history.UndoInput{
		"exactly one":              {},
		"exactly one of":           {ChangeID: 1, CallID: uuid.NewString()},
		"since is required":        {Connection: "laptop"},
		"with connection only":     {ChangeID: 1, Since: "2026-03-01"},
		"is no id of a call":       {CallID: "yesterday"},
		"cannot be read as a date": {Connection: "laptop", Since: "yesterday"},
	} {
		_, err := b.try(in)
		requireCode(t, err, fault.InvalidInput, words)
	}
	bobs, err := b.tasks.Add(b.ctx, b.bob, task.AddInput{Fields: title("bob's own")})
	require.NoError(t, err)
	entries, err := b.store.History(b.ctx, b.bob.UserID, journal.Filter{ObjectID: bobs.Task.ID, Limit: 1})
	require.NoError(t, err)
	_, err = b.try(history.UndoInput{ChangeID: entries[0].ID})
	requireCode(t, err, fault.NotFound, "there is no change")
	_, err = b.try(history.UndoInput{CallID: entries[0].CallID.String()})
	requireCode(t, err, fault.NotFound, "no changes of yours")
}

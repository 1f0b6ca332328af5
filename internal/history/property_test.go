package history_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// pick returns one of some values.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomChange makes a change that may be refused, for example since a task is done.
func (b *bundle) randomChange(ctx context.Context, r *rand.Rand) (name string, err error) {
	if b.ann, err = b.store.Settings(ctx, b.ann.UserID); err != nil {
		return "", err
	}
	var ids []int64
	rows, err := b.pool.Query(ctx, `SELECT id FROM tasks ORDER BY id`)
	if err != nil {
		return "", err
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return "", err
		}
		ids = append(ids, id)
	}
	id := pick(r, ids...)
	day := func() string { return b.now.AddDate(0, 0, r.IntN(40)-5).Format(time.DateOnly) }
	due := func() string { return day() + pick(r, "", "T09:30", "T17:00") }
	tags := []string{"home", "t1", "t2", "t3"}
	switch n := r.IntN(18); n {
	case 0:
		f := task.Fields{Title: input.Some(fmt.Sprint("new ", r.IntN(100))), DueDate: input.Some(due()), Tags: input.Some([]string{pick(r, tags...), fmt.Sprint("x", r.IntN(9))})}
		if r.IntN(2) == 0 {
			f.RecurrenceRule = input.Some(pick(r, "daily", "weekly", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;COUNT=3"))
		}
		_, err = b.tasks.Add(ctx, b.ann, task.AddInput{Fields: f})
		return "add", err
	case 1:
		return fmt.Sprint("retitle ", id), b.update(ctx, id, task.Fields{Title: input.Some(fmt.Sprint("title ", r.IntN(100))), Priority: input.Some(pick(r, task.Priorities()...))})
	case 2, 3:
		return fmt.Sprint("move ", id), b.update(ctx, id, task.Fields{DueDate: input.Some(due())})
	case 4:
		return fmt.Sprint("no date ", id), b.update(ctx, id, task.Fields{DueDate: input.Null[string](), RecurrenceRule: input.Null[string]()})
	case 5:
		return fmt.Sprint("rule ", id), b.update(ctx, id, task.Fields{RecurrenceRule: input.Some(pick(r, "daily", "weekdays", "FREQ=WEEKLY;BYDAY=TU"))})
	case 6, 7:
		return fmt.Sprint("complete ", id), b.complete(ctx, id)
	case 8:
		_, err = b.tasks.Delete(ctx, b.ann, id)
		return fmt.Sprint("delete ", id), err
	case 9, 10:
		_, err = b.tasks.Reopen(ctx, b.ann, id)
		return fmt.Sprint("reopen ", id), err
	case 11:
		_, err = b.tasks.SkipOccurrence(ctx, b.ann, id)
		return fmt.Sprint("skip ", id), err
	case 12:
		_, err = b.tasks.SetReminder(ctx, b.ann, task.ReminderInput{TaskID: id, SnoozeMinutes: input.Some(1000 + r.IntN(100))})
		return fmt.Sprint("snooze ", id), err
	case 13:
		return fmt.Sprint("tags of ", id), b.update(ctx, id, task.Fields{Tags: input.Some([]string{pick(r, tags...), pick(r, tags...)})})
	case 14:
		tag := pick(r, tags...)
		if r.IntN(2) == 0 {
			_, err = b.labels.MergeTag(ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{Tag: tag}, MergeInto: pick(r, tags...)})
			return "merge tag " + tag, err
		}
		_, err = b.labels.DeleteTag(ctx, b.ann, label.TagInput{Tag: tag})
		return "delete tag " + tag, err
	case 15:
		if _, err = b.labels.DeleteCategory(ctx, b.ann, label.CategoryInput{Category: "House"}); err != nil {
			_, err = b.labels.CreateCategory(ctx, b.ann, label.CreateCategoryInput{Name: "House"})
		}
		return "category", err
	case 16:
		return "zone", b.set(ctx, person.SettingsInput{TimeZone: pick(r, "Asia/Tokyo", "Europe/Berlin", "America/New_York")})
	default:
		return "settings", b.set(ctx, person.SettingsInput{ReminderOffsets: input.Some([]int{r.IntN(100)}), AllDayTime: fmt.Sprintf("%02d:00", 6+r.IntN(6)), QuietHours: input.Some(fmt.Sprintf("2%d:00-06:00", r.IntN(3)))})
	}
}

// Any sequence of changes, undone from its end, leads back through every state, and
// undoing the undoings leads forth again. Events are delivered late and again.
func TestAnySequenceIsUndoneInReverseOrderAndRedone(t *testing.T) {
	const rounds, changes = 12, 14
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := setup(t)
			b.world(t)
			r := rand.New(rand.NewPCG(uint64(seed), 110))
			states, names := []string{b.state(t)}, []string{}
			var calls []string
			for tries := 0; len(calls) < changes && tries < 100; tries++ {
				ctx, id := b.call(laptop)
				name, _ := b.randomChange(ctx, r) // what is refused changes nothing
				b.recur(t)
				if state := b.state(t); state != states[len(states)-1] {
					calls, states, names = append(calls, id), append(states, state), append(names, name)
				}
			}
			back := func(order []string, to func(i int) string, what string) (undoings []string) {
				for i := len(order) - 1; i >= 0; i-- {
					b.ann = b.settings(t, b.ann.UserID)
					done, err := b.try(undoCall(order[i]))
					require.NoError(t, err, "%s %d of %v", what, i, names)
					b.recur(t)
					b.requireState(t, to(i), fmt.Sprintf("%s %d of %v", what, i, names))
					undoings = append(undoings, done.CallID.String())
				}
				return undoings
			}
			undone := back(calls, func(i int) string { return states[i] }, "undo")
			back(undone, func(i int) string { return states[len(calls)-i] }, "redo")
		})
	}
}

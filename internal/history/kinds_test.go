package history_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// kinds are the kinds of change that undo takes back. Each is made in a world with
// the tasks Plain, due and tagged; Series, which recurs; Done, the completed occurrence
// of a series whose next is open; and Gone, which is deleted.
var kinds = map[string]func(ctx context.Context, b *bundle, of map[string]int64) error{
	"adding a task": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.tasks.Add(ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("new"), Tags: input.Some([]string{"new tag", "home"}), DueDate: input.Some("2026-03-09"), RecurrenceRule: input.Some("daily")}})
		return err
	},
	"changing every field": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Plain"], task.Fields{
			Title: input.Some("other"), Description: input.Some("much to say"), Priority: input.Some(task.Urgent), EstimateMinutes: input.Some(30), Category: input.Null[string](),
			Tags: input.Some([]string{"t2"}), DueDate: input.Some("2026-04-01"), ReminderOffsets: input.Some([]int{5, 10}), Nag: input.Some(task.Nag{EveryMinutes: 60}),
		})
	},
	"clearing every field": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Series"], task.Fields{
			Description: input.Null[string](), EstimateMinutes: input.Null[int](), Category: input.Null[string](), Tags: input.Null[[]string](),
			DueDate: input.Null[string](), RecurrenceRule: input.Null[string](), ReminderOffsets: input.Null[[]int](),
		})
	},
	"giving a rule": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Plain"], task.Fields{RecurrenceRule: input.Some("FREQ=WEEKLY;BYDAY=MO,TH")})
	},
	"another zone": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Plain"], task.Fields{TimeZone: input.Some("America/New_York")})
	},
	"rescheduling": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Series"], task.Fields{DueDate: input.Some("2026-03-12T07:00")})
	},
	"a past due date": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Plain"], task.Fields{DueDate: input.Some("2026-02-12T07:00")})
	},
	"moving one date": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Update(ctx, b.ann, task.UpdateInput{TaskID: of["Series"], Scope: task.ThisOne, Fields: task.Fields{DueDate: input.Some("2026-03-06T10:00")}})
		return err
	},
	"completing": func(ctx context.Context, b *bundle, of map[string]int64) error { return b.complete(ctx, of["Plain"]) },
	"completing in series with missed dates kept": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: of["Series"], Missed: task.KeepMissed})
		return err
	},
	"completing in series": func(ctx context.Context, b *bundle, of map[string]int64) error { return b.complete(ctx, of["Series"]) },
	"reopening": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Reopen(ctx, b.ann, of["Done"])
		return err
	},
	"skipping": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.SkipOccurrence(ctx, b.ann, of["Series"])
		return err
	},
	"skipping twice": func(ctx context.Context, b *bundle, of map[string]int64) error {
		for range 2 {
			if _, err := b.tasks.SkipOccurrence(ctx, b.ann, of["Series"]); err != nil {
				return err
			}
		}
		return nil
	},
	"deleting": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Delete(ctx, b.ann, of["Series"])
		return err
	},
	"restoring": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Reopen(ctx, b.ann, of["Gone"])
		return err
	},
	"snoozing": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.SetReminder(ctx, b.ann, task.ReminderInput{TaskID: of["Plain"], SnoozeMinutes: input.Some(45)})
		return err
	},
	"a reminder at a moment": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.SetReminder(ctx, b.ann, task.ReminderInput{TaskID: of["Plain"], RemindAt: input.Some("2026-03-03T08:00")})
		return err
	},
	"tagging": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.AddTagToTask(ctx, b.ann, task.TaggingInput{TaskID: of["Plain"], Tag: "brand new"})
		return err
	},
	"untagging": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.RemoveTagFromTask(ctx, b.ann, task.TaggingInput{TaskID: of["Plain"], Tag: "home"})
		return err
	},
	"making a tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		for _, name := range []string{"Plain", "Day"} {
			if err := b.update(ctx, of[name], task.Fields{ParentID: input.Some(of["Root"])}); err != nil {
				return err
			}
		}
		return b.update(ctx, of["Day"], task.Fields{BlockedBy: input.Some([]int64{of["Plain"]})})
	},
	"moving a part": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Deep"], task.Fields{ParentID: input.Null[int64]()})
	},
	"structure": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Plain"], task.Fields{BlockedBy: input.Some([]int64{of["Part"], of["Day"]}), StartDate: input.Some("2026-03-09"), WaitingFor: input.Some("an answer")})
	},
	"clearing structure": func(ctx context.Context, b *bundle, of map[string]int64) error {
		return b.update(ctx, of["Part"], task.Fields{ParentID: input.Null[int64](), BlockedBy: input.Null[[]int64](), StartDate: input.Null[string](), WaitingFor: input.Null[string]()})
	},
	"completing a tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: of["Root"], Parts: task.CompleteParts})
		return err
	},
	"completing a recurring tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: of["Weekly"], Parts: task.CompleteParts})
		return err
	},
	"deleting a tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Delete(ctx, b.ann, of["Root"])
		return err
	},
	"restoring a tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Reopen(ctx, b.ann, of["Gone root"])
		return err
	},
	"reopening a recurring tree": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Reopen(ctx, b.ann, of["Done root"])
		return err
	},
	"several at once": func(ctx context.Context, b *bundle, of map[string]int64) error {
		_, err := b.tasks.Edit(ctx, b.ann, task.EditInput{UpdateInput: task.UpdateInput{TaskID: of["Series"], Fields: title("edited")}, AddTags: []string{"another"}, Action: "complete"})
		return err
	},
	"a category": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.CreateCategory(ctx, b.ann, label.CreateCategoryInput{Name: "Garden", Color: "#112233"})
		return err
	},
	"renaming a category": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.UpdateCategory(ctx, b.ann, label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "House"}, Name: input.Some("Home"), Color: input.Null[string]()})
		return err
	},
	"deleting a category": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.DeleteCategory(ctx, b.ann, label.CategoryInput{Category: "House"})
		return err
	},
	"a tag": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.CreateTag(ctx, b.ann, label.CreateTagInput{Name: "garden"})
		return err
	},
	"colouring a tag": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.UpdateTag(ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{Tag: "home"}, Color: input.Some("#445566")})
		return err
	},
	"deleting a tag": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.DeleteTag(ctx, b.ann, label.TagInput{Tag: "home"})
		return err
	},
	"merging tags": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		_, err := b.labels.MergeTag(ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{Tag: "home"}, MergeInto: "t1"})
		return err
	},
	"the time zone": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		return b.set(ctx, person.SettingsInput{TimeZone: "Asia/Tokyo"})
	},
	"the time zone, and tasks with it": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		return b.set(ctx, person.SettingsInput{TimeZone: "Asia/Tokyo", BringTasksFrom: "Europe/Berlin"})
	},
	"other settings": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		return b.set(ctx, person.SettingsInput{ReminderOffsets: input.Some([]int{10, 20}), AllDayTime: "07:15", QuietHours: input.Some("22:00-07:00 except urgent")})
	},
	"a channel": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		return b.set(ctx, person.SettingsInput{AddChannel: "ntfy://ntfy.example.com/topic"})
	},
	"a calendar feed": func(ctx context.Context, b *bundle, _ map[string]int64) error {
		return b.set(ctx, person.SettingsInput{CalendarFeed: "new"})
	},
}

func (b *bundle) update(ctx context.Context, id int64, fields task.Fields) error {
	_, err := b.tasks.Update(ctx, b.ann, task.UpdateInput{TaskID: id, Fields: fields})
	return err
}

func (b *bundle) complete(ctx context.Context, id int64) error {
	_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: id})
	return err
}

func (b *bundle) set(ctx context.Context, in person.SettingsInput) error {
	user, err := b.store.Settings(ctx, b.ann.UserID)
	if err != nil {
		return err
	}
	_, err = b.people.UpdateSettings(ctx, user, in)
	return err
}

func (b *bundle) world(t *testing.T) map[string]int64 {
	t.Helper()
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "House", Color: "#010203"})
	require.NoError(t, err)
	whole := func(name, due, rule string) task.Fields {
		f := task.Fields{Title: input.Some(name), Description: input.Some("about " + name), Category: input.Some("House"), Tags: input.Some([]string{"home", "t1"}), EstimateMinutes: input.Some(15), DueDate: input.Some(due)}
		if rule != "" {
			f.RecurrenceRule = input.Some(rule)
		}
		return f
	}
	of := map[string]int64{}
	for name, fields := range map[string]task.Fields{
		"Plain": whole("Plain", "2026-03-10T09:00", ""), "Series": whole("Series", "2026-03-04T09:00", "FREQ=DAILY;COUNT=9"), "Done": whole("Done", "2026-03-03", "weekly"),
		"Gone": whole("Gone", "2026-03-20", ""), "Day": whole("Day", "2026-03-21", ""),
	} {
		of[name] = b.add(t, fields).ID
	}
	for _, tree := range []struct{ root, rule string }{{"Root", ""}, {"Weekly", "weekly"}, {"Done root", "weekly"}, {"Gone root", ""}} {
		root := b.add(t, whole(tree.root, "2026-03-12T09:00", tree.rule)).ID
		part := b.add(t, task.Fields{Title: input.Some("Part of " + tree.root), ParentID: input.Some(root), StartDate: input.Some("2026-03-05"), WaitingFor: input.Some("a colour")}).ID
		deep := b.add(t, task.Fields{Title: input.Some("Deep in " + tree.root), ParentID: input.Some(part), DueDate: input.Some("2026-03-11")}).ID
		last := b.add(t, task.Fields{Title: input.Some("Last of " + tree.root), ParentID: input.Some(root), BlockedBy: input.Some([]int64{deep})}).ID
		of[tree.root] = root
		if tree.root == "Root" {
			of["Part"], of["Deep"], of["Last"] = part, deep, last
		}
	}
	require.NoError(t, b.complete(b.ctx, of["Done"]))
	_, err = b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: of["Done root"], Parts: task.CompleteParts})
	require.NoError(t, err)
	b.recur(t)
	for _, name := range []string{"Gone", "Gone root"} {
		_, err = b.tasks.Delete(b.ctx, b.ann, of[name])
		require.NoError(t, err)
	}
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT max(id) FROM tasks`).Scan(&b.last))
	return of
}

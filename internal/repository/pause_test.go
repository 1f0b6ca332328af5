package repository_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// While all tasks of a user change, no stream gets news.
func TestChangesOfAllTasksArePausedAfterOneThatTookLong(t *testing.T) {
	b := setup(t)
	for _, user := range []person.Settings{b.ann, b.bob} {
		b.add(t, user, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"one", "two"})})
	}
	removeTag := func(user person.Settings, name string) error {
		_, err := b.labels.DeleteTag(b.ctx, user, label.TagInput{Tag: name})
		return err
	}
	set := func(user person.Settings, in person.SettingsInput) error {
		_, err := b.people.UpdateSettings(b.ctx, user, in)
		return err
	}
	require.NoError(t, set(b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{5})}))
	require.NoError(t, set(b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{6})}), "one that took no time is followed by no pause")
	require.NoError(t, removeTag(b.ann, "one"))
	since := "2026-03-01"
	as := journal.With(b.ctx, journal.NewCall(journal.Actor{Kind: journal.Agent, Name: "laptop", TokenID: 71, Transport: journal.MCP}))
	edited := b.add(t, b.ann, task.Fields{Title: input.Some("edited")}).ID
	edit := func(times int) {
		for n := range times {
			_, err := b.service.Update(as, b.ann, task.UpdateInput{TaskID: edited, Fields: task.Fields{Title: input.Some(fmt.Sprint("edit ", n))}})
			require.NoError(t, err)
		}
	}
	undo := func() error {
		_, err := history.NewService(b.store, func() time.Time { return b.now }).Undo(b.ctx, b.ann, history.UndoInput{Connection: "laptop", Since: since, DryRun: true})
		return err
	}
	b.store.PauseAfterAnyChange()
	edit(100)
	require.NoError(t, undo(), "an undo of a hundred changes waits for nothing")
	edit(1)
	for what, err := range map[string]error{
		"an undo of more": undo(), "a tag": removeTag(b.ann, "two"), "offsets": set(b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{7})}),
		"a zone": set(b.ann, person.SettingsInput{TimeZone: "Asia/Tokyo"}),
	} {
		var refused *fault.Error
		require.ErrorAs(t, err, &refused, what)
		require.Equal(t, fault.RateLimited, refused.Code, what)
	}
	require.NoError(t, set(b.ann, person.SettingsInput{QuietHours: input.Some("22:00-07:00")}), "what changes no tasks waits for nothing")
	b.add(t, b.ann, task.Fields{Title: input.Some("y"), Tags: input.Some([]string{"three"})})
	require.NoError(t, removeTag(b.bob, "one"), "nor does anybody else")
	require.Error(t, removeTag(b.bob, "two"))
}

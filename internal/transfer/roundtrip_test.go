package transfer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/calendar"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// anything is a random task: what a person may give, in any combination.
func anything(random *rand.Rand, n int) task.AddInput {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	in := task.AddInput{}
	in.Title = input.Some(fmt.Sprintf("%d %s", n, pick("plain", "a; b, c\\d", "日本語 💥", "two  blanks", strings.Repeat("é", 190))))
	if text := pick("", "one line", "two\nlines; with, marks\\", strings.Repeat("long ", 1000)); text != "" {
		in.Description = input.Some(text)
	}
	in.Priority = input.Some(task.Priorities()[random.IntN(4)])
	day := time.Date(2026, 3, 3+random.IntN(200), random.IntN(24), random.IntN(60), 0, 0, time.UTC)
	allDay := random.IntN(3) == 0
	if in.DueDate = input.Some(day.Format("2006-01-02T15:04")); allDay {
		in.DueDate = input.Some(day.Format(time.DateOnly))
	} else if zone := pick("", "America/New_York", "UTC", "Asia/Kolkata"); zone != "" {
		in.TimeZone = input.Some(zone)
	}
	if rule := pick("", "", "daily", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=7", "FREQ=YEARLY;UNTIL=20300101", "FREQ=DAILY;BYHOUR=9,17"); rule != "" {
		in.RecurrenceRule = input.Some(rule)
		in.RecurrenceBase = input.Some(task.RecurrenceBase(pick("due", "completion")))
		if random.IntN(4) == 0 {
			in.Missed = input.Some(task.KeepMissed)
		}
	}
	switch random.IntN(4) {
	case 0:
		in.ReminderOffsets = input.Some([]int{})
	case 1:
		in.ReminderOffsets = input.Some([]int{1440, 90, 5})
	case 2:
		in.ReminderOffsets = input.Some([]int{0, -30})
	}
	if random.IntN(3) == 0 {
		in.Tags = input.Some([]string{pick("home", "Büro; 1"), "x,y"})
	}
	if random.IntN(3) == 0 {
		in.Category = input.Some("Work, mostly")
	}
	if random.IntN(4) == 0 {
		in.EstimateMinutes = input.Some(1 + random.IntN(100))
	}
	if random.IntN(5) == 0 {
		in.Nag = input.Some(task.Nag{EveryMinutes: 30})
	}
	return in
}

// live adds random tasks and does with them what people do.
func (b *bundle) live(t *testing.T, random *rand.Rand, tasks int) {
	t.Helper()
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "Work, mostly"})
	require.NoError(t, err)
	for n := range tasks {
		added, err := b.tasks.Add(b.ctx, b.ann, anything(random, n))
		require.NoError(t, err)
		one := added.Task
		moved := one.DueDate.In(one.Zone()).Add(26 * time.Hour).Format("2006-01-02T15:04")
		if one.AllDay {
			moved = moved[:len(time.DateOnly)]
		}
		switch random.IntN(6) {
		case 0, 1: // one date alone, or this and those that follow
			_, err = b.tasks.Update(b.ctx, b.ann, task.UpdateInput{TaskID: one.ID, Scope: []task.Scope{task.ThisOne, task.ThisAndFollowing}[random.IntN(2)], Fields: task.Fields{DueDate: input.Some(moved)}})
			if one.Recurrence == nil {
				err = nil
			}
		case 2:
			_, err = b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: one.ID})
			require.NoError(t, err)
			_, err = b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, one.ID)
		case 3:
			_, err = b.tasks.SetReminder(b.ctx, b.ann, task.ReminderInput{TaskID: one.ID, RemindAt: input.Some("2026-03-02T12:30")})
		case 4:
			_, err = b.tasks.SetReminder(b.ctx, b.ann, task.ReminderInput{TaskID: one.ID, SnoozeMinutes: input.Some(45)})
		}
		require.NoError(t, err, "%s", one.Title)
	}
}

// told is what a person can see of a task that a transfer has to keep.
func told(t *testing.T, one *task.Task, now time.Time) map[string]any {
	t.Helper()
	all := map[string]any{
		"title": one.Title, "description": one.Description, "priority": one.Priority, "tags": tags(one), "estimate": one.EstimateMinutes, "nag": one.NagMinutes,
		"due": one.DueText(one.Zone()), "all day": one.AllDay, "completed": one.Completed(),
	}
	if one.Category != nil {
		all["category"] = one.Category.Name
	}
	if one.Completed() {
		return all
	}
	var reminders []string
	for _, at := range one.RemindersToCome() {
		reminders = append(reminders, at.UTC().Format(time.RFC3339))
	}
	all["reminders"] = reminders
	if one.Recurrence != nil {
		dates, err := one.NextDates(now, 5)
		require.NoError(t, err)
		var next []string
		for _, at := range dates {
			next = append(next, one.DateText(at, one.Zone()))
		}
		all["next"], all["rule"], all["base"], all["zone"] = next, one.Recurrence.Rule, one.Recurrence.Base, one.TimeZone
		all["occurrence"] = one.Recurrence.Occurrence
	}
	return all
}

// requireSame sees that two users have the same tasks.
func (b *bundle) requireSame(t *testing.T, one, other person.Settings, now time.Time) {
	t.Helper()
	byTitle := func(user person.Settings) map[string][]map[string]any {
		all := map[string][]map[string]any{}
		for _, one := range b.everything(t, user) {
			key := fmt.Sprint(one.Title, one.Completed())
			all[key] = append(all[key], told(t, one, now))
		}
		return all
	}
	wanted, found := byTitle(one), byTitle(other)
	require.Len(t, found, len(wanted))
	for title, want := range wanted {
		require.Equal(t, want, found[title], title)
	}
}

func TestFeedAndExportImportedAgainGiveTheSameTasks(t *testing.T) {
	b := setup(t)
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	const seed = 20261130
	b.live(t, rand.New(rand.NewPCG(seed, 1)), 120)

	_, export := b.export(t, b.ann)
	report := b.bring(t, b.bob, "application/json", export, false)
	require.Zero(t, report.Skipped, "%+v", report.Rows)
	b.requireSame(t, b.ann, b.bob, now)

	eve := b.newcomer(t, "eve")
	report = b.bring(t, eve, "text/calendar", b.feed(t, b.ann, now), false)
	require.Zero(t, report.Skipped, "%+v", report.Rows)
	for _, row := range report.Rows {
		require.Empty(t, row.Notes, row.Title)
	}
	b.requireSame(t, b.ann, eve, now)
}

// feed is the calendar feed of all of the user's tasks.
func (b *bundle) feed(t *testing.T, user person.Settings, now time.Time) string {
	t.Helper()
	all := b.everything(t, user)
	feed, err := calendar.NewFeed(all, calendar.Everything, "tickler.example.org", now)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, feed.Write(&text, func([]int64) (map[int64]string, error) {
		descriptions := map[int64]string{}
		for _, one := range all {
			descriptions[one.ID] = one.Description
		}
		return descriptions, nil
	}))
	return text.String()
}

package repository_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"
	"github.com/teambition/rrule-go"

	"tickler/internal/calendar"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

// feedDates returns what other programs read from a task in a calendar feed: its due
// date and the following ones, as wall times.
func feedDates(t *testing.T, one *task.Task, now time.Time, n int) (dates []string) {
	t.Helper()
	feed, err := calendar.NewFeed([]*task.Task{one}, calendar.ToDos, "localhost", now)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, feed.Write(&text, func([]int64) (map[int64]string, error) { return nil, nil }))
	read, err := ical.NewDecoder(&text).Decode()
	require.NoError(t, err)
	todos := slices.DeleteFunc(read.Children, func(c *ical.Component) bool { return c.Name != ical.CompToDo })
	props := todos[0].Props
	layout := "2006-01-02T15:04"
	if props.Get(ical.PropDateTimeStart).Params.Get(ical.ParamValue) == "DATE" {
		layout = time.DateOnly
	}
	wall := func(prop ical.Prop) time.Time {
		for _, form := range []string{"20060102", "20060102T150405", "20060102T150405Z"} {
			if at, err := time.Parse(form, prop.Value); err == nil {
				return at
			}
		}
		require.Fail(t, prop.Value)
		return time.Time{}
	}
	start := wall(*props.Get(ical.PropDateTimeStart))
	all := []time.Time{start}
	excluded := map[time.Time]bool{}
	for _, prop := range props[ical.PropExceptionDates] {
		excluded[wall(prop)] = true
	}
	if rule := props.Get(ical.PropRecurrenceRule); rule != nil {
		option, err := rrule.StrToROption(rule.Value)
		require.NoError(t, err)
		option.Dtstart = start
		expanded, err := rrule.NewRRule(*option)
		require.NoError(t, err)
		for next := expanded.Iterator(); len(all) <= n+len(excluded); {
			at, ok := next()
			if !ok {
				break
			}
			all = append(all, at)
		}
	}
	for _, prop := range props[ical.PropRecurrenceDates] {
		all = append(all, wall(prop))
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return excluded[at] })
	slices.SortFunc(all, time.Time.Compare)
	all = slices.CompactFunc(all, time.Time.Equal)
	for _, moved := range todos[1:] { // overrides one date
		from := wall(*moved.Props.Get(ical.PropRecurrenceID))
		require.Contains(t, all, from)
		all[slices.Index(all, from)] = wall(*moved.Props.Get(ical.PropDateTimeStart))
	}
	for _, at := range all[:min(n, len(all))] {
		dates = append(dates, at.Format(layout))
	}
	return dates
}

// The calendar feed, the next dates of an answer and the dates completing gives are
// the same, whatever was moved and skipped before.
func TestFeedAnswersAndCompletingAgree(t *testing.T) {
	b := setup(t)
	r := rand.New(rand.NewPCG(31, 32))
	rules := []string{
		"daily", "weekdays", "weekly", "monthly", "FREQ=DAILY;INTERVAL=3;COUNT=6", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=WEEKLY;BYDAY=TU,FR;UNTIL=20270101",
		"FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;SKIP=BACKWARD", "FREQ=MONTHLY;BYDAY=1MO", "yearly", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15;COUNT=4",
	}
	const dates = 5
	compared := 0
	for round := range 60 {
		zone := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"}[r.IntN(4)]
		user := b.user(t, fmt.Sprint("user ", round), zone)
		b.now = time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		rule, base := rules[r.IntN(len(rules))], []task.RecurrenceBase{task.FromDue, task.FromDue, task.FromCompletion}[r.IntN(3)]
		day := func(at time.Time, timed bool) string {
			text := at.In(user.Zone()).Format(time.DateOnly)
			if timed {
				text += fmt.Sprintf("T%02d:30", 6+r.IntN(12)) // not in the hour that clocks change
			}
			return text
		}
		due := day(b.now.AddDate(0, 0, r.IntN(40)-8), r.IntN(3) > 0)
		added, err := b.service.Add(b.ctx, user, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some(due), RecurrenceRule: input.Some(rule), RecurrenceBase: input.Some(base)}})
		if err != nil {
			continue // over by then
		}
		one := added.Task
		name := fmt.Sprint(rule, " from ", due, " ", base, " in ", zone, " at ", b.now)
		for range r.IntN(3) {
			if r.IntN(2) == 0 {
				if skipped, err := b.service.SkipOccurrence(b.ctx, user, one.ID); err == nil {
					one, name = skipped.Task, name+", skipped"
				}
				continue
			}
			to, scope := day(one.DueDate.AddDate(0, 0, r.IntN(9)-3), !one.AllDay), []task.Scope{task.ThisOne, task.ThisAndFollowing}[r.IntN(2)]
			moved, err := b.service.Update(b.ctx, user, task.UpdateInput{TaskID: one.ID, Scope: scope, Fields: task.Fields{DueDate: input.Some(to)}})
			require.NoError(t, err, name)
			one, name = moved.Task, name+", moved to "+to+" "+string(scope)
		}
		one, err = b.service.Get(b.ctx, user, one.ID)
		require.NoError(t, err)
		following, err := one.NextDates(b.now, dates)
		require.NoError(t, err)
		want := []string{brief(one, *one.DueDate, user)}
		for _, at := range following {
			want = append(want, brief(one, at, user))
		}
		require.Equal(t, want, feedDates(t, one, b.now, len(want)), name)

		at := one
		for i, date := range want[1:] {
			if at.DueDate.After(b.now) {
				b.now = *at.DueDate // done when it is due, or now
			}
			done, err := b.service.Complete(b.ctx, user, task.CompleteInput{TaskID: at.ID})
			require.NoError(t, err, name)
			require.Equal(t, date, brief(done.Next, *done.Next.DueDate, user), "%s, number %d", name, i)
			at, err = b.service.CreateSuccessor(b.ctx, user.UserID, at.ID)
			require.NoError(t, err)
			require.Equal(t, date, brief(at, *at.DueDate, user), name)
			compared++
		}
	}
	require.Greater(t, compared, 100)
}

// brief formats a date as answers do, without seconds and offset.
func brief(t *task.Task, at time.Time, user person.Settings) string {
	text := t.DateText(at, user.Zone())
	return text[:min(len(text), len("2006-01-02T15:04"))]
}

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

func (o *office) settings(t *testing.T, user person.Settings, in person.SettingsInput) {
	t.Helper()
	_, err := o.people.UpdateSettings(t.Context(), user, in)
	require.NoError(t, err)
	o.sender.wake()
}

func TestQuietHoursHoldARetryToo(t *testing.T) {
	o := open(t) // 08:00
	fails := true
	hook := receive(t, func(_ string, w http.ResponseWriter) {
		if fails {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.settings(t, ann, person.SettingsInput{QuietHours: input.Some("08:01-09:00")})
	o.remind(t, ann, "Call")
	o.until(t, "two attempts", func() bool {
		if len(hook.got("Call")) == 1 {
			o.pass(retries[0])
		}
		return len(hook.got("Call")) == 2
	})
	fails = false
	for range 50 {
		o.pass(time.Minute)
	}
	o.until(t, "the retry is held", func() bool {
		return o.reach(t, ann).Deliveries[0].Next.Equal(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	})
	require.Len(t, hook.got("Call"), 2, "the third attempt fell into the quiet hours")
	o.pass(10 * time.Minute)
	o.until(t, "it comes at their end", func() bool { return len(hook.got("Call")) == 3 })
}

func TestHeldReminderIsToComeUntilItWasSent(t *testing.T) {
	o := open(t) // 08:00
	hook := receive(t, status(http.StatusOK))
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.settings(t, ann, person.SettingsInput{QuietHours: input.Some("07:00-10:00")})
	ann, err := o.store.Settings(t.Context(), ann.UserID)
	require.NoError(t, err)
	end := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	added, err := o.service.Add(t.Context(), ann, task.AddInput{Fields: task.Fields{Title: input.Some("Call"), DueDate: input.Some("2026-03-02T09:00")}})
	require.NoError(t, err)
	waits := func() bool {
		now := o.clock()
		found, err := o.service.Get(t.Context(), ann, added.Task.ID)
		require.NoError(t, err)
		at, held := found.RemindsNext(ann, now)
		require.Equal(t, !held, found.ReminderSent(ann, now))
		if held && now.Before(end) {
			require.Equal(t, end, at.UTC())
		}
		return held
	}
	claimed, _, err := o.notifier.ClaimReminders(t.Context(), o.clock(), time.Time{}, 10)
	require.NoError(t, err)
	require.Equal(t, 1, claimed)
	require.True(t, waits(), "claimed, and still on its way")
	o.takes(t, []event.Reminder{{Base: event.Base{EventID: uuid.New(), UserID: ann.UserID, TaskID: added.Task.ID}, ReminderFields: event.ReminderFields{Title: "Call", DueDate: added.Task.DueDate, Priority: "medium"}}})
	o.pass(90 * time.Minute)
	require.True(t, waits(), "noted")
	require.Empty(t, hook.got("Call"))
	o.pass(31 * time.Minute)
	o.until(t, "it is sent", func() bool { return len(hook.got("Call")) == 1 && !waits() })
}

func TestChangeOfQuietHoursLetsGoWhatIsHeld(t *testing.T) {
	for name, change := range map[string]person.SettingsInput{
		"hours": {QuietHours: input.Some("12:00-13:00")},
		"none":  {QuietHours: input.Null[string]()},
		"zone":  {TimeZone: "Asia/Tokyo"},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			hook := receive(t, status(http.StatusOK))
			ann := o.user(t, "ann", hook.URL+"/hook")
			o.settings(t, ann, person.SettingsInput{QuietHours: input.Some("07:00-10:00")})
			o.remind(t, ann, "Call")
			o.until(t, "it is held", func() bool { return o.reach(t, ann).Deliveries[0].Next.Hour() == 10 })
			require.Empty(t, hook.got("Call"))
			o.settings(t, ann, change)
			o.until(t, "it goes at once", func() bool { return len(hook.got("Call")) == 1 })
		})
	}
}

// Whatever fails and whatever is changed: nothing arrives while it is quiet.
func TestNothingArrivesInQuietHours(t *testing.T) {
	o := open(t)
	r := rand.New(rand.NewPCG(21, 22))
	quiet := "" // as it is set
	var zone = time.UTC
	hook := receive(t, func(body string, w http.ResponseWriter) {
		if hours, err := person.ParseQuietHours("quiet_hours", quiet); err == nil {
			now := o.clock()
			if hours.HeldUntil(now, false, zone).After(now) {
				t.Errorf("at %s, quiet %s in %s: %s", now, quiet, zone, body)
			}
		}
		if r.IntN(3) == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	ann := o.user(t, "ann", hook.URL+"/hook")
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for step := range 60 {
		idle := func() bool { return o.settled(t) }
		o.until(t, "nothing is under way", idle)
		switch r.IntN(4) {
		case 0:
			from := r.IntN(24)
			quiet = fmt.Sprintf("%02d:00-%02d:00", from, (from+1+r.IntN(10))%24)
			o.settings(t, ann, person.SettingsInput{QuietHours: input.Some(quiet)})
		case 1:
			zone = []*time.Location{time.UTC, berlin}[r.IntN(2)]
			o.settings(t, ann, person.SettingsInput{TimeZone: zone.String()})
			ann.TimeZone = zone.String()
		default:
			o.remind(t, ann, fmt.Sprint("Call ", step))
		}
		o.until(t, "nothing is under way", idle)
		o.pass(time.Duration(r.IntN(90)) * time.Minute)
	}
}

// settled tells whether nothing is due now, or the channel rests.
func (o *office) settled(t *testing.T) bool {
	var due int
	require.NoError(t, o.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM channels c WHERE c.enabled AND (c.leased_until IS NOT NULL OR c.next_attempt_at <= $1)`, o.clock()).Scan(&due))
	return due == 0
}

func TestWhatIsEnteredLateComesAsOne(t *testing.T) {
	o := open(t)
	hook := receive(t, status(http.StatusOK))
	ann := o.user(t, "ann", hook.URL+"/hook")
	var reminders []event.Reminder
	for n := range 12 {
		added, err := o.service.Add(t.Context(), ann, task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint("Late ", n)), DueDate: input.Some("2026-03-01T12:00")}})
		require.NoError(t, err)
		reminders = append(reminders, event.Reminder{Base: event.Base{EventID: uuid.New(), UserID: ann.UserID, TaskID: added.Task.ID}, ReminderFields: event.ReminderFields{Title: added.Task.Title, DueDate: added.Task.DueDate, Priority: "medium", AtOnce: true}})
	}
	o.takes(t, reminders)
	o.pass(10 * time.Second)
	o.until(t, "the summary", func() bool { return len(hook.got("12 tasks are overdue or due soon")) == 1 })
	body := hook.got("12 tasks")[0].body
	require.Contains(t, body, `"type":"reminder.summary"`)
	require.Contains(t, body, "and 2 more")
	o.pass(time.Hour)
	o.until(t, "nothing is left", func() bool { return o.settled(t) })
	require.Equal(t, 1, len(hook.got("Late")), "one message for twelve tasks")
	require.Equal(t, 10, strings.Count(body, "Late "), "it names ten")
}

// takes takes reminders as from the bus.
func (o *office) takes(t *testing.T, reminders []event.Reminder) {
	t.Helper()
	_, err := o.notifier.TakeReminders(t.Context(), reminders, o.clock(), func(event.Reminder) {})
	require.NoError(t, err)
	o.sender.wake()
}

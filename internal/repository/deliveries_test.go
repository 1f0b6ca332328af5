package repository_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// channel adds a confirmed channel for ann and removes its first message.
func (b *bundle) channel(t *testing.T, url string) int64 {
	t.Helper()
	seal := func(secret, place string) (string, error) { return "k:" + secret, nil }
	b.people = person.NewService(b.store, func() time.Time { return b.now }, person.ChannelRules{Seal: seal, PublicURL: "https://tickler.example.com"})
	after, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{AddChannel: url})
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `DELETE FROM deliveries; UPDATE channels SET next_attempt_at = NULL, confirmed = true, enabled = true`)
	require.NoError(t, err)
	return max(after.Tested, after.Asked)
}

// remindAnn takes a reminder of one of ann's tasks, as if from the bus.
func (b *bundle) remindAnn(t *testing.T, priority string) (event.Reminder, *task.Task) {
	t.Helper()
	added := b.add(t, b.ann, task.Fields{Title: input.Some("Call"), DueDate: input.Some("2026-03-04T12:00")})
	return b.take(t, added, priority), added
}

func (b *bundle) take(t *testing.T, of *task.Task, priority string) event.Reminder {
	t.Helper()
	r := event.Reminder{Base: event.Base{EventID: uuid.New(), UserID: b.ann.UserID, TaskID: of.ID}, ReminderFields: event.ReminderFields{Title: of.Title, DueDate: of.DueDate, Priority: priority}}
	repeated, err := b.notifier.TakeReminders(b.ctx, []event.Reminder{r, r}, b.now, func(event.Reminder) {})
	require.NoError(t, err)
	require.Equal(t, 1, repeated, "the same event can be twice in a bulk")
	return r
}

func (b *bundle) serve(t *testing.T) []repository.ServedChannel {
	t.Helper()
	var all []repository.ServedChannel
	for _, troubled := range []bool{false, true} {
		served, err := b.notifier.ServeChannels(b.ctx, b.now, 10, time.Minute, troubled)
		require.NoError(t, err)
		all = append(all, served...)
	}
	return all
}

func (b *bundle) begin(t *testing.T, c repository.ServedChannel) []repository.DueDelivery {
	t.Helper()
	due, err := b.notifier.BeginDeliveries(b.ctx, c, b.now, 10)
	require.NoError(t, err)
	return due
}

func (b *bundle) last(t *testing.T) person.Delivery {
	t.Helper()
	reach, err := b.store.DeliverySettings(b.ctx, b.ann.UserID, 10)
	require.NoError(t, err)
	require.NotEmpty(t, reach.Deliveries)
	return reach.Deliveries[0]
}

func TestChannelIsServedByOneAtATimeUntilItIsGivenBack(t *testing.T) {
	b := setup(t)
	b.channel(t, "ntfy:topic")
	require.Empty(t, b.serve(t), "nothing is due")
	sent, _ := b.remindAnn(t, "medium")
	served := b.serve(t)
	require.Len(t, served, 1)
	require.Equal(t, "https://ntfy.sh/topic", served[0].Target)
	require.Empty(t, b.serve(t), "it is being served")
	due := b.begin(t, served[0])
	require.Len(t, due, 1)
	require.Equal(t, sent.EventID, due[0].EventID)
	require.Equal(t, 1, due[0].Attempts)
	b.remindAnn(t, "medium") // meanwhile
	require.NoError(t, b.notifier.EndDeliveries(b.ctx, served[0], []repository.SentDelivery{{ID: due[0].ID, State: "sent"}}, "", time.Time{}, b.now))
	require.NoError(t, b.notifier.LeaveChannel(b.ctx, served[0], time.Time{}))
	served = b.serve(t)
	require.Len(t, served, 1, "what came meanwhile is due")
	require.Len(t, b.begin(t, served[0]), 1)
}

func TestAttemptThatACrashCutOffIsRepeatedOnceUnderTheSameID(t *testing.T) {
	b := setup(t)
	b.channel(t, "ntfy:topic")
	b.remindAnn(t, "medium")
	first := b.begin(t, b.serve(t)[0])
	require.Empty(t, b.serve(t))
	b.now = b.now.Add(time.Minute) // the lease has ended
	second := b.begin(t, b.serve(t)[0])
	require.Len(t, second, 1)
	require.False(t, second[0].Unknown)
	require.Equal(t, first[0].EventID, second[0].EventID)
	b.now = b.now.Add(time.Minute)
	third := b.begin(t, b.serve(t)[0])
	require.Len(t, third, 1)
	require.True(t, third[0].Unknown, "it is not sent a third time")
	require.Equal(t, person.DeliveryUnknown, b.last(t).State)
}

func TestWhoLostTheLeaseBeginsNothing(t *testing.T) {
	b := setup(t)
	b.channel(t, "ntfy:topic")
	b.remindAnn(t, "medium")
	slow := b.serve(t)[0]
	b.now = b.now.Add(time.Minute)
	quick := b.serve(t)[0]
	require.Empty(t, b.begin(t, slow))
	require.NoError(t, b.notifier.LeaveChannel(b.ctx, slow, time.Time{}))
	require.Empty(t, b.serve(t), "it gives back nothing that is not its own")
	require.Len(t, b.begin(t, quick), 1)
}

func TestChannelThatFailsRestsAndIsSwitchedOffInTheEnd(t *testing.T) {
	b := setup(t)
	failing := b.channel(t, "https://example.com/hook")
	other := b.channel(t, "mailto:ann@example.com")
	b.remindAnn(t, "medium")
	var hook repository.ServedChannel
	for _, c := range b.serve(t) {
		if c.ID == failing {
			hook = c
			continue
		}
		for _, d := range b.begin(t, c) {
			require.NoError(t, b.notifier.EndDeliveries(b.ctx, c, []repository.SentDelivery{{ID: d.ID, State: "sent"}}, "", time.Time{}, b.now))
		}
		require.NoError(t, b.notifier.LeaveChannel(b.ctx, c, time.Time{}))
	}
	due := b.begin(t, hook)
	later := b.now.Add(5 * time.Minute)
	require.NoError(t, b.notifier.EndDeliveries(b.ctx, hook, []repository.SentDelivery{{ID: due[0].ID, State: "pending", Outcome: "500", Next: later}}, "500", later, b.now))
	require.NoError(t, b.notifier.LeaveChannel(b.ctx, hook, time.Time{}))
	b.remindAnn(t, "medium")
	for _, c := range b.serve(t) {
		require.Equal(t, other, c.ID, "the failing one rests, for what comes meanwhile too")
	}
	off, err := b.notifier.SwitchOff(b.ctx, hook, "500", b.now, b.now)
	require.NoError(t, err)
	require.True(t, off)
	off, err = b.notifier.SwitchOff(b.ctx, hook, "500", b.now, b.now)
	require.NoError(t, err)
	require.False(t, off, "it is off already")
	reach, err := b.store.DeliverySettings(b.ctx, b.ann.UserID, 10)
	require.NoError(t, err)
	require.False(t, reach.Channels[0].Enabled)
	require.Equal(t, "500", reach.Channels[0].Problem)
	require.Equal(t, person.DeliveryNotice, reach.Deliveries[0].Kind, "the user is told through the other")
	require.Equal(t, "ann@example.com", reach.Deliveries[0].Target)
	again, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TestChannel: failing})
	require.NoError(t, err)
	require.True(t, again.Delivery.Channels[0].Enabled, "a test switches it on again")
}

func TestQuietHoursHoldDeliveriesBackAndTheLatestCounts(t *testing.T) {
	b := setup(t)
	b.channel(t, "ntfy:topic")
	_, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Europe/Berlin", QuietHours: input.Some("22:00-07:00 except urgent")})
	require.NoError(t, err)
	b.now = time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC) // 23:00 in Berlin, of the night in which clocks go forward
	held, of := b.remindAnn(t, "medium")
	require.Empty(t, b.serve(t))
	require.Equal(t, time.Date(2026, 3, 29, 5, 0, 0, 0, time.UTC), b.last(t).Next.UTC())
	b.now = b.now.Add(time.Hour)
	latest := b.take(t, of, "medium")
	done, other := b.remindAnn(t, "medium")
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: other.ID})
	require.NoError(t, err)
	urgent, _ := b.remindAnn(t, "urgent")
	served := b.serve(t)
	require.Len(t, served, 1)
	due := b.begin(t, served[0])
	require.Len(t, due, 1)
	require.Equal(t, urgent.EventID, due[0].EventID)
	require.NoError(t, b.notifier.EndDeliveries(b.ctx, served[0], []repository.SentDelivery{{ID: due[0].ID, State: "sent"}}, "", time.Time{}, b.now))
	require.NoError(t, b.notifier.LeaveChannel(b.ctx, served[0], time.Time{}))

	b.now = time.Date(2026, 3, 29, 4, 59, 59, 0, time.UTC)
	require.Empty(t, b.serve(t))
	b.now = b.now.Add(time.Second) // 07:00
	sent := map[uuid.UUID]bool{}
	for _, d := range b.begin(t, b.serve(t)[0]) {
		if !d.Dropped {
			sent[d.EventID] = true
		}
	}
	require.Equal(t, map[uuid.UUID]bool{latest.EventID: true}, sent, "not %s, which it replaced, nor %s, whose task is done", held.EventID, done.EventID)
}

func TestChannelsAreTheirUsersOwn(t *testing.T) {
	b := setup(t)
	id := b.channel(t, "ntfy:topic")
	for _, in := range []person.SettingsInput{{RemoveChannel: id}, {TestChannel: id}} {
		_, err := b.people.UpdateSettings(b.ctx, b.bob, in)
		var e *fault.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, fault.NotFound, e.Code)
	}
	_, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{RemoveChannel: id})
	require.NoError(t, err)
	b.remindAnn(t, "medium")
	reach, err := b.store.DeliverySettings(b.ctx, b.ann.UserID, 10)
	require.NoError(t, err)
	require.Empty(t, reach.Channels)
	require.Empty(t, reach.Deliveries)
}

func TestKindsAndStatesOfDeliveriesAreThoseThatTheTableAllows(t *testing.T) {
	b := setup(t)
	allowed := func(column string, values any) {
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT array_agg(value[1]) FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), $$'(.*?)'$$, 'g') value
			WHERE conrelid = 'deliveries'::regclass AND conname = $1`, "deliveries_"+column+"_check").Scan(values))
	}
	var kinds []person.DeliveryKind
	allowed("kind", &kinds)
	require.ElementsMatch(t, kinds, []person.DeliveryKind{
		person.DeliveryReminder, person.DeliveryTest, person.DeliveryNotice, person.DeliveryConfirmation, person.DeliverySignIn,
	})
	var states []person.DeliveryState
	allowed("state", &states)
	require.ElementsMatch(t, states, []person.DeliveryState{
		person.DeliveryPending, person.DeliverySent, person.DeliveryFailed, person.DeliveryDropped, person.DeliveryUnknown,
	})
}

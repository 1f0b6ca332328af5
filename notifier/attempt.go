package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/person"
	"tickler/internal/repository"
)

// trouble is a failed attempt.
type trouble struct {
	delivery.Failure
	final bool      // the message is given up
	since time.Time // when the message was written
}

// outcome is the result of concurrent attempts.
type outcome struct {
	sent  bool
	worst *trouble
}

func (o *outcome) add(failed *trouble) {
	switch {
	case failed == nil:
		o.sent = true
	case o.worst == nil || failed.Gone || (failed.final && !o.worst.Gone):
		o.worst = failed
	}
}

// judge decides what attempts mean for their channel: its problem, how long it
// backs off, and whether it has failed for so long that it must be switched off.
// The pause grows with consecutive failures of any message. A channel that accepted
// another message works, so that a message that it refuses holds up nothing else.
func (s *sender) judge(c repository.ServedChannel, o outcome) (problem string, rest time.Time, off bool) {
	if o.worst == nil {
		return "", time.Time{}, false
	}
	pause := o.worst.RetryAfter
	if !o.sent {
		problem = o.worst.Reason
		pause = max(pause, s.retries[min(c.Failures, len(s.retries)-1)])
		off = o.worst.final || c.Failures >= len(s.retries)
	}
	if pause > 0 {
		rest = s.clock().Add(pause)
	}
	return problem, rest, off || o.worst.Gone
}

func (s *sender) attempt(ctx context.Context, c repository.ServedChannel, d repository.DueDelivery) (repository.SentDelivery, *trouble) {
	err := s.send(ctx, c, d)
	if err == nil {
		s.count(&c, "sent")
		return repository.SentDelivery{ID: d.ID, State: person.DeliverySent}, nil
	}
	failure := &delivery.Failure{Reason: "it could not be sent from here"}
	if !errors.As(err, &failure) {
		s.log.Error("a message could not be sent", "channel", c.ID, "event", d.EventID, "error", err)
	}
	t := &trouble{Failure: *failure, since: d.At, final: failure.Gone || d.Attempts > len(s.retries)}
	if t.final {
		s.count(&c, "failed")
		return repository.SentDelivery{ID: d.ID, State: person.DeliveryFailed, Outcome: failure.Reason}, t
	}
	next := s.clock().Add(max(s.retries[d.Attempts-1], failure.RetryAfter))
	s.count(&c, "retry")
	return repository.SentDelivery{ID: d.ID, State: person.DeliveryPending, Outcome: failure.Reason, Next: next}, t
}

func (s *sender) send(ctx context.Context, c repository.ServedChannel, d repository.DueDelivery) error {
	kind := s.kinds[c.Kind]
	if kind == nil {
		return fmt.Errorf("channels of kind %q are unknown", c.Kind)
	}
	to := delivery.Target{Address: c.Target}
	if c.Sealed != "" {
		var err error
		if to.Secret, err = s.open(c.Sealed, c.SealContext(c.UserID)); err != nil {
			return err
		}
	}
	m := delivery.Message{ID: d.EventID.String(), At: d.At}
	var err error
	switch d.Kind {
	case person.DeliveryReminder:
		m.Type, m.Reminder = event.ReminderSent, &event.Reminder{}
		if err = json.Unmarshal(d.Content, m.Reminder); err == nil && d.DueDate != nil {
			m.Reminder.DueDate = d.DueDate
		}
		if len(d.Summed) > 0 && err == nil {
			m, err = sumUp(m, d.Summed)
		}
	case person.DeliveryTest:
		m.Type, err = "channel.test", json.Unmarshal(d.Content, &m)
	case person.DeliveryConfirmation:
		m.Type, err = "channel.confirmation", addLink(d.Content, &m, func(hash []byte) error { return s.store.AddConfirmation(ctx, c.ID, hash) })
	case person.DeliverySignIn:
		m.Type, err = "page.sign_in", addLink(d.Content, &m, func(hash []byte) error { return s.store.MailedSignInLink(ctx, c.UserID, hash) })
	case person.DeliveryNotice:
		m.Type, err = "channel.switched_off", json.Unmarshal(d.Content, &m)
	default:
		return fmt.Errorf("deliveries of kind %q are unknown", d.Kind)
	}
	if err != nil {
		return fmt.Errorf("content of delivery %d: %w", d.ID, err)
	}
	return kind.Send(ctx, to, m, s.now())
}

// maxNamed is how many tasks a summary names.
const maxNamed = 10

// sumUp makes one message of a reminder and others that came at once with it, in
// words of the moment at which it was written.
func sumUp(first delivery.Message, others []json.RawMessage) (delivery.Message, error) {
	reminders := []event.Reminder{*first.Reminder}
	for _, content := range others {
		var reminder event.Reminder
		if err := json.Unmarshal(content, &reminder); err != nil {
			return first, err
		}
		reminders = append(reminders, reminder)
	}
	m := delivery.Message{ID: first.ID, At: first.At, Type: "reminder.summary", Title: fmt.Sprintf("%d tasks are overdue or due soon", len(reminders))}
	var lines []string
	for i, reminder := range reminders {
		m.TaskIDs = append(m.TaskIDs, reminder.TaskID)
		if i < maxNamed {
			lines = append(lines, reminder.Title+" "+delivery.When(&reminder, first.At))
		}
	}
	if more := len(reminders) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	m.Text = strings.Join(lines, "\n")
	return m, nil
}

// addLink reads a message with a link and completes the link with a secret. store is
// given its hash only. Each attempt has a secret of its own, and all of them work, since
// the mail of an attempt that seemed to fail may have arrived.
func addLink(content []byte, m *delivery.Message, store func(hash []byte) error) error {
	if err := json.Unmarshal(content, m); err != nil {
		return err
	}
	secret := person.NewSecret()
	m.Link += secret
	return store(person.HashSecret(secret))
}

// giveUp switches off a channel that can no longer be reached.
func (s *sender) giveUp(ctx context.Context, c repository.ServedChannel, t trouble) {
	now, since := s.clock(), t.since
	if t.Gone || !t.final { // whatever worked before
		since = now.Add(time.Microsecond)
	}
	off, err := s.store.SwitchOff(ctx, c, t.Reason, since, now)
	if err != nil {
		s.log.Warn("a channel that keeps failing could not be switched off, it will be at the next failure", "channel", c.ID, "error", err)
	}
	if off {
		s.off.Inc()
		s.log.Warn("a channel that keeps failing was switched off", "channel", c.ID, "user_id", c.UserID, "kind", c.Kind, "reason", t.Reason)
	}
}

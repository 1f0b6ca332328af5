// Package delivery brings messages to people: over webhooks, ntfy and email. It
// knows nothing of the database: who sends what and when is notifier's.
package delivery

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// Message is what a person is told.
type Message struct {
	ID       string // the same at every attempt: receivers deduplicate by it
	Type     string // reminder.sent, channel.test, channel.switched_off
	At       time.Time
	Reminder *event.Reminder // of reminder.sent
	// Title and Text of all other types.
	Title, Text string
}

// Target is where a message goes.
type Target struct {
	Address string // a URL, or that of a person's mailbox
	Secret  string // that signs, or that gives access; "" for none
}

// Sender sends a message over one kind of channel, within a bounded time. now is
// the time of the attempt. Its error is a *Failure.
type Sender interface {
	Send(ctx context.Context, to Target, m Message, now time.Time) error
}

// Failure is an attempt that failed.
type Failure struct {
	Reason     string        // fit for the user to read
	RetryAfter time.Duration // that the target asked for; 0 when it did not
	Gone       bool          // the target wants no more messages, ever
}

func (f *Failure) Error() string { return f.Reason }

// title and text of a message, in words of the moment at which it is sent.
func (m Message) words(now time.Time) (title, text string) {
	if m.Reminder == nil {
		return m.Title, m.Text
	}
	return m.Reminder.Title, When(m.Reminder.DueDate, now)
}

// When says how long there is until a due date, or was; without one that this is
// a reminder.
func When(due *time.Time, now time.Time) string {
	switch {
	case due == nil:
		return "Reminder"
	case due.Before(now):
		return "was due " + span(now.Sub(*due)) + " ago"
	default:
		return "is due in " + span(due.Sub(now))
	}
}

// span rounds up what is left and what is past: 41½ minutes are 42. More than
// two hours are said in hours, more than two days in days.
func span(d time.Duration) string {
	unit, name := time.Minute, "minute"
	switch {
	case d > 48*time.Hour:
		unit, name = 24*time.Hour, "day"
	case d > 2*time.Hour:
		unit, name = time.Hour, "hour"
	}
	n := int64((d + unit - 1) / unit)
	if n == 1 {
		return "1 " + name
	}
	return fmt.Sprintf("%d %ss", n, name)
}

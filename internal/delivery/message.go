// Package delivery sends messages to people over webhooks, push services, chats and
// mail. It knows
// nothing of the database: notifier decides what is sent when.
package delivery

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
	"tickler/internal/person"
)

// Message is a message to a person.
type Message struct {
	ID       string // the same at every attempt: receivers deduplicate by it
	Type     string // reminder.sent, reminder.summary, channel.test, channel.switched_off, channel.confirmation, page.sign_in
	At       time.Time
	Reminder *event.Reminder // of reminder.sent
	// Title and Text of all other types.
	Title, Text string
	TaskIDs     []int64 `json:"task_ids"` // of reminder.summary
	Link        string  // of channel.confirmation and page.sign_in, which go by mail only
}

// Target is where a message goes.
type Target struct {
	Address string // a URL, or that of a person's mailbox
	Secret  string // for signing or for access, such as the end of a URL; "" for none
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
	Gone       bool          // the target will never accept messages again

	status int    // of a response, 0 for none
	answer []byte // its body, up to maxResponse
}

func (f *Failure) Error() string { return f.Reason }

// title and text of a message, worded for the moment at which it is sent.
func (m Message) words(now time.Time) (title, text string) {
	if m.Reminder == nil {
		return m.Title, m.Text
	}
	return m.Reminder.Title, When(m.Reminder, now)
}

// When says how long there is until what a reminder is about is due, or was; of a
// day, and of what is months away, which day that is. It never says more time than is left. Without a due date
// it says that this is a reminder.
func When(r *event.Reminder, now time.Time) string {
	switch {
	case r.DueDate == nil:
		return "Reminder"
	case r.AllDay:
		return day(r, now)
	}
	left := r.DueDate.Sub(now)
	switch {
	case left.Abs() >= far:
		return date(r, left < 0)
	case left < 0:
		return "was due " + span(-left+time.Minute-1) + " ago" // 41½ minutes ago are 42
	case left < time.Minute:
		return "is due now"
	}
	return "is due in " + span(left)
}

// far is from when on a date says more than a number of days.
const far = 60 * 24 * time.Hour

// date says when a task is or was due, by the calendar and clock of its zone.
func date(r *event.Reminder, was bool) string {
	verb := "is"
	if was {
		verb = "was"
	}
	return verb + " due on " + r.DueDate.In(person.Zone(r.TimeZone)).Format("2 January 2006 at 15:04")
}

// span says whole minutes: from two hours on with hours, from two days on days.
func span(d time.Duration) string {
	minutes := int64(d / time.Minute)
	switch {
	case d >= 48*time.Hour:
		return count(minutes/(24*60), "day")
	case d < 2*time.Hour:
		return count(minutes, "minute")
	case minutes%60 == 0:
		return count(minutes/60, "hour")
	}
	return count(minutes/60, "hour") + " " + count(minutes%60, "minute")
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// day says on which day a task is or was due, as it is called where its user is.
func day(r *event.Reminder, now time.Time) string {
	zone := person.Zone(r.TimeZone)
	y, m, d := r.DueDate.In(zone).Date()
	due := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	y, m, d = now.In(zone).Date()
	verb, name := "is", due.Format("2 January 2006")
	days := int(due.Sub(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	if days < 0 {
		verb = "was"
	}
	switch {
	case days == 0:
		return "is due today"
	case days == 1:
		return "is due tomorrow"
	case days == -1:
		return "was due yesterday"
	case max(days, -days) < 7:
		name = due.Weekday().String()
	}
	return verb + " due on " + name
}

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// mails stand for the binding that mail goes through.
type mails struct {
	mu      sync.Mutex
	sent    []mail
	refused int // of the next, so many fail after they were sent
}

type mail struct{ to, subject, body string }

func (m *mails) take(_ context.Context, body []byte, metadata map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, mail{metadata["emailTo"], metadata["subject"], string(body)})
	if m.refused--; m.refused >= 0 {
		return errors.New("cut off")
	}
	return nil
}

func (m *mails) got() []mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

var secretOf = regexp.MustCompile(`href="https://tickler\.example\.com/confirm/([A-Z2-7]+)"`)

// secret is that in the link of a confirmation mail.
func (m mail) secret(t *testing.T) string {
	t.Helper()
	found := secretOf.FindStringSubmatch(m.body)
	require.NotNil(t, found, m.body)
	return found[1]
}

func (o *office) change(user person.Settings, in person.SettingsInput) (person.SettingsResult, error) {
	return o.people.UpdateSettings(context.Background(), user, in)
}

// confirmed is a user with an address of mail that is confirmed.
func (o *office) confirmed(t *testing.T, name string) person.Settings {
	t.Helper()
	before := len(o.mails.got())
	user := o.user(t, name, "mailto:"+name+"@example.com")
	o.until(t, "the mail", func() bool { return len(o.mails.got()) == before+1 })
	_, err := o.people.Confirm(t.Context(), o.mails.got()[before].secret(t))
	require.NoError(t, err)
	return user
}

func TestAddressIsSentNothingButOneConfirmationUntilItsLinkIsOpened(t *testing.T) {
	o := open(t)
	ann := o.user(t, "ann", "mailto:ann@example.com")
	o.until(t, "the mail", func() bool { return o.reach(t, ann).Deliveries[0].State == "sent" })
	asked := o.mails.got()[0]
	require.Equal(t, "ann@example.com", asked.to)
	require.Contains(t, asked.body, "ann&#34;, a user of the task server at https://tickler.example.com", "who asked")
	require.Contains(t, asked.body, "ignore this mail")

	o.remind(t, ann, "Too early")
	_, err := o.change(ann, person.SettingsInput{TestChannel: o.reach(t, ann).Channels[0].ID})
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.Conflict, e.Code)
	o.pass(time.Hour)
	require.False(t, o.reach(t, ann).Channels[0].Enabled)
	require.Len(t, o.reach(t, ann).Deliveries, 1, "nothing else waits for it")

	var stored int
	require.NoError(t, o.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM deliveries d, channel_confirmations c
		WHERE strpos(d.content::text, $1) > 0 OR strpos(encode(c.hash, 'escape'), $1) > 0`, asked.secret(t)).Scan(&stored))
	require.Zero(t, stored, "only its hash is stored")

	address, err := o.people.Confirmation(t.Context(), asked.secret(t))
	require.NoError(t, err)
	require.Equal(t, "ann@example.com", address)
	require.False(t, o.reach(t, ann).Channels[0].Enabled, "to look changes nothing")
	_, err = o.people.Confirm(t.Context(), asked.secret(t))
	require.NoError(t, err)
	require.True(t, o.reach(t, ann).Channels[0].Enabled)
	o.remind(t, ann, "In time")
	o.until(t, "the reminder", func() bool { return len(o.mails.got()) == 2 })
	require.Contains(t, o.mails.got()[1].subject, "In time")

	again, err := o.change(ann, person.SettingsInput{AddChannel: "mailto:ann@example.com"})
	require.NoError(t, err)
	require.Zero(t, again.Asked, "it stays confirmed")
	require.True(t, again.Delivery.Channels[0].Enabled)
	require.NotZero(t, again.Tested)
}

func TestConfirmationComesInQuietHours(t *testing.T) {
	o := open(t) // at 8:00
	ann := o.user(t, "ann")
	_, err := o.change(ann, person.SettingsInput{QuietHours: input.Some("07:00-09:00"), AddChannel: "mailto:ann@example.com"})
	require.NoError(t, err)
	o.sender.wake()
	o.until(t, "the mail", func() bool { return len(o.mails.got()) == 1 })
}

// The mail of an attempt that seemed to fail may have arrived.
func TestLinkOfEveryAttemptWorks(t *testing.T) {
	o := open(t)
	o.mails.refused = 1
	ann := o.user(t, "ann", "mailto:ann@example.com")
	o.until(t, "the first attempt", func() bool { return o.reach(t, ann).Deliveries[0].Outcome != "" })
	o.pass(retries[0])
	o.until(t, "the second", func() bool { return o.reach(t, ann).Deliveries[0].State == "sent" })
	first, second := o.mails.got()[0].secret(t), o.mails.got()[1].secret(t)
	require.NotEqual(t, first, second)
	for _, secret := range []string{first, second} {
		_, err := o.people.Confirmation(t.Context(), secret)
		require.NoError(t, err)
	}
}

func TestUserAsksForSoManyConfirmationsADayOnly(t *testing.T) {
	o := open(t)
	ann, bob := o.user(t, "ann"), o.user(t, "bob")
	for n := range 5 {
		in := person.SettingsInput{AddChannel: fmt.Sprintf("mailto:stranger-%d@example.com", n)}
		if n > 0 {
			in.RemoveChannel = o.reach(t, ann).Channels[0].ID // which gives none back
		}
		_, err := o.change(ann, in)
		require.NoError(t, err)
	}
	_, err := o.change(ann, person.SettingsInput{AddChannel: "mailto:stranger-4@example.com"})
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.LimitExceeded, e.Code)
	require.Equal(t, "add_channel", e.Field)
	_, err = o.change(ann, person.SettingsInput{AddChannel: "mailto:stranger-5@example.com"})
	require.ErrorAs(t, err, &e)
	require.Len(t, o.reach(t, ann).Channels, 1, "nothing was added")
	_, err = o.change(bob, person.SettingsInput{AddChannel: "mailto:bob@example.com"})
	require.NoError(t, err, "another user")
	o.pass(24*time.Hour + time.Second)
	_, err = o.change(ann, person.SettingsInput{AddChannel: "mailto:stranger-4@example.com"})
	require.NoError(t, err)
}

func TestUserIsSentSoManyMailsADayAndSeesWhichWereNot(t *testing.T) {
	o := open(t)
	o.notifier.LimitMails(3)
	ann, bob := o.confirmed(t, "ann"), o.confirmed(t, "bob") // one mail each
	for _, title := range []string{"First", "Second", "Third"} {
		o.remind(t, ann, title)
		o.until(t, "its end", func() bool { return o.waiting(t, ann) == 0 })
	}
	o.until(t, "the outcome", func() bool { return o.reach(t, ann).Deliveries[0].State == "failed" })
	require.Equal(t, "you were sent 3 mails within 24 hours, the most allowed", o.reach(t, ann).Deliveries[0].Outcome)
	require.True(t, o.reach(t, ann).Channels[0].Enabled)
	require.Empty(t, o.reach(t, ann).Channels[0].Problem, "the channel is not at fault")
	o.remind(t, bob, "Of another")
	o.until(t, "that of another user", func() bool { return o.reach(t, bob).Deliveries[0].State == "sent" })
	require.Len(t, o.mails.got(), 5)
	o.pass(24*time.Hour + time.Second)
	o.remind(t, ann, "Tomorrow")
	o.until(t, "that of the next day", func() bool { return o.reach(t, ann).Deliveries[0].State == "sent" })
}

func TestServerWithoutPublicAddressTakesNoMail(t *testing.T) {
	o := open(t)
	ann := o.user(t, "ann")
	_, err := person.NewService(o.store, o.clock, person.ChannelRules{}).UpdateSettings(t.Context(), ann, person.SettingsInput{AddChannel: "mailto:ann@example.com"})
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.Conflict, e.Code)
	require.Contains(t, e.Hint, "TICKLER_PUBLIC_URL")
	require.Empty(t, o.reach(t, ann).Channels)
}

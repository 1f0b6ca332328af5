package main

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

var linkOf = regexp.MustCompile(`href="https://tickler\.example\.com/sign-in/link/([A-Z2-7]{52})"`)

func TestLinkIsMailedWithASecretThatIsStoredNowhere(t *testing.T) {
	o := open(t)
	ann := o.confirmed(t, "ann")
	channel := o.reach(t, ann).Channels[0].ID
	o.pass(time.Since(o.clock())) // the database has its own clock
	ask := func() {
		require.NoError(t, o.store.MailSignInLink(t.Context(), "ann@example.com", "https://tickler.example.com"))
		o.pass(time.Second)
	}
	ask()
	require.Len(t, o.reach(t, ann).Deliveries, 1, "its person has not said that it signs in")
	require.NoError(t, o.store.SetSignsIn(t.Context(), ann.UserID, channel, true))
	ask()
	o.until(t, "the mail", func() bool { return len(o.mails.got()) == 2 })
	mail := o.mails.got()[1]
	require.Equal(t, "ann@example.com", mail.to)
	require.Contains(t, mail.subject, "Sign in to Tickler")
	require.Contains(t, mail.body, "ignore this mail")
	found := linkOf.FindStringSubmatch(mail.body)
	require.NotNil(t, found, mail.body)
	var stored int
	require.NoError(t, o.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM deliveries d, sign_in_links l WHERE strpos(d.content::text, $1) > 0 OR strpos(encode(l.hash, 'escape'), $1) > 0`, found[1]).Scan(&stored))
	require.Zero(t, stored)
	userID, err := o.store.TakeSignInLink(t.Context(), person.HashSecret(found[1]))
	require.NoError(t, err)
	require.Equal(t, ann.UserID, userID)
	_, err = o.store.TakeSignInLink(t.Context(), person.HashSecret(found[1]))
	require.ErrorIs(t, err, fault.ErrNotFound)

	// One that could not be sent in time is not sent hours later.
	_, err = o.pool.Exec(t.Context(), `UPDATE deliveries SET created_at = created_at - interval '1 hour'`)
	require.NoError(t, err)
	_, err = o.pool.Exec(t.Context(), `UPDATE channels SET leased_until = now() + interval '10 minutes'`) // somebody else serves it
	require.NoError(t, err)
	ask()
	o.pass(20 * time.Minute)
	o.until(t, "the end", func() bool { return o.reach(t, ann).Deliveries[0].State == person.DeliveryDropped })
	require.Equal(t, "it would have come too late", o.reach(t, ann).Deliveries[0].Outcome)
	require.Len(t, o.mails.got(), 2)
}

// Its person has just asked for it, and it works for minutes only.
func TestLinkIsMailedInQuietHoursToo(t *testing.T) {
	o := open(t)
	ann := o.confirmed(t, "ann")
	o.pass(time.Since(o.clock())) // the database has its own clock
	now := o.clock().In(ann.Zone())
	o.settings(t, ann, person.SettingsInput{QuietHours: input.Some(now.Add(-2*time.Hour).Format("15:04-") + now.Add(2*time.Hour).Format("15:04"))})
	require.NoError(t, o.store.SetSignsIn(t.Context(), ann.UserID, o.reach(t, ann).Channels[0].ID, true))
	require.NoError(t, o.store.MailSignInLink(t.Context(), "ann@example.com", "https://tickler.example.com"))
	o.pass(time.Second)
	o.until(t, "the mail", func() bool { return len(o.mails.got()) == 2 })
	require.Regexp(t, linkOf, o.mails.got()[1].body)
}

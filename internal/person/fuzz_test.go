package person

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func FuzzQuietHours(f *testing.F) {
	for _, seed := range []string{"", "22:00-07:00", "22:00 to 7:00 except urgent", "24:00-1:00", "1:00–2:00", "07:00-07:00", "\x00", strings.Repeat(" ", 100) + "1:00-2:00"} {
		f.Add(seed)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		f.Fatal(err)
	}
	at := time.Date(2026, 3, 8, 6, 59, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuietHours("quiet_hours", text)
		if err != nil {
			require.Nil(t, q)
			return
		}
		again, err := ParseQuietHours("quiet_hours", q.String())
		require.NoError(t, err)
		require.Equal(t, q, again)
		for hour := range 48 {
			now := at.Add(time.Duration(hour) * time.Hour)
			until := q.HeldUntil(now, false, zone)
			require.False(t, until.Before(now))
			require.LessOrEqual(t, until.Sub(now), 26*time.Hour)
		}
	})
}

// A channel leads where the person said, over nothing but https, with nothing in
// it that a log or another program would take for something else.
func FuzzChannel(f *testing.F) {
	for _, seed := range []string{"", "https://example.com/hook", "ntfy://ntfy.sh/topic", "ntfy:topic", "ntfy://user:tk_x@ntfy.sh/topic", "mailto:me@example.com", "mailto:me@example.com;you@example.com", "mailto:a@b%0d%0aBcc:c@d", "https://user:pw@example.com", "https://example.com/a\r\nX: y", "http://example.com", "file:///etc/passwd", "https://[::1]/", "https://%00/", "javascript:alert(1)",
		"https://ntfy.sh/topic", "https://discord.com/api/webhooks/123/s3cret-token?thread_id=4", "https://hooks.slack.com/services/T1/B2/s3cret", "https://api.telegram.org/bot123:s3cret-token/sendMessage?chat_id=-1004", "https://push.example.org/message?token=A12345678901234", "gotify://push.example.org/under/A12345678901234"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, token, err := ChannelRules{}.parseChannel("add_channel", text)
		if err != nil {
			require.Empty(t, token)
			return
		}
		require.False(t, strings.ContainsFunc(c.Target, unicode.IsControl), "%q", c.Target)
		require.NotContains(t, c.Target, " ")
		if c.Kind == Email {
			require.Equal(t, 1, strings.Count(c.Target, "@"), c.Target)
			require.NotContains(t, c.Target, ";")
			return
		}
		u, err := url.Parse(c.Target)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme)
		require.NotEmpty(t, u.Hostname())
		require.Nil(t, u.User, "a password is no part of what is shown")
		if len(token) > 12 && c.Kind != Ntfy {
			require.NotContains(t, c.Target, token)
		}
		if c.Kind != Webhook && c.Kind != Ntfy { // without the token it is no address of the service
			return
		}
		again, _, err := ChannelRules{}.parseChannel("add_channel", map[ChannelKind]string{Webhook: c.Target, Ntfy: "ntfy" + strings.TrimPrefix(c.Target, "https")}[c.Kind])
		require.NoError(t, err)
		require.Equal(t, c.Target, again.Target)
	})
}

package person

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

func TestChannelsAreReadFromURLs(t *testing.T) {
	for text, want := range map[string]Channel{
		"https://Example.com:8443/hook?x=1#y": {Kind: Webhook, Target: "https://example.com:8443/hook?x=1"},
		"ntfy:my-topic":                       {Kind: Ntfy, Target: "https://ntfy.sh/my-topic"},
		"ntfy://:tk_1@push.example.org/a_b":   {Kind: Ntfy, Target: "https://push.example.org/a_b"},
		"mailto:ann@example.com":              {Kind: Email, Target: "ann@example.com"},
		"https://ntfy.sh/my-topic":            {Kind: Ntfy, Target: "https://ntfy.sh/my-topic"},
		"https://ntfy.sh/my-topic/":           {Kind: Ntfy, Target: "https://ntfy.sh/my-topic"},
		"ntfys://ntfy.sh/my-topic":            {Kind: Ntfy, Target: "https://ntfy.sh/my-topic"},
		"ntfy.sh/my-topic":                    {Kind: Ntfy, Target: "https://ntfy.sh/my-topic"},
		"ann@example.com":                     {Kind: Email, Target: "ann@example.com"},
		"example.com:8443/hook":               {Kind: Webhook, Target: "https://example.com:8443/hook"},
		"https://ntfy.example.org/my-topic":   {Kind: Ntfy, Target: "https://ntfy.example.org/my-topic"},
		"https://ntfy.example.org/a/b":        {Kind: Webhook, Target: "https://ntfy.example.org/a/b"}, // no topic
		"https://example.com/message?token=1": {Kind: Webhook, Target: "https://example.com/message?token=1"},
	} {
		c, token, err := ChannelRules{}.parseChannel("add_channel", text)
		require.NoError(t, err, text)
		want.Enabled, want.Confirmed = want.Kind != Email, want.Kind != Email // mail is on when it is confirmed
		require.Equal(t, want, c)
		require.Equal(t, text[:5] == "ntfy:" && len(text) > 20, token == "tk_1")
	}
	for _, text := range []string{
		"example.com", "ftp://example.com", "http://example.com/hook", "ntfy+http://example.com/x", "https://", "https://me:pw@example.com/",
		"ntfy://ntfy.sh/", "ntfy://ntfy.sh/a/b", "ntfy://ntfy.sh/a?x=1", "mailto:", "mailto:ann", "mailto:a@b.c;d@e.f", "mailto:Ann%20<a@b.c>", "::",
		"mailto:me@example.com?bcc=you@example.com", "mailto:me@example.com?", "https://ntfy.sh/", "https://ntfy.sh/a?priority=high", "discord://x", "webhook+http://example.com/x", "https+http://example.com/x",
		"https://discord.gg/abc", "https://www.discord.com/channels/1/2", "https://team.slack.com/archives/C1", "https://t.me/bot", "https://t.me/bot123:token/sendMessage?chat_id=1",
		"https://push.example.org/message?token=C12345678901234", "https://example.com:99999/hook", "https://example.com:0/hook", "a@b",
		"https://discord.com/channels/1/2", "https://discord.com/api/webhooks/123/token?with=more", "https://hooks.slack.com/workflows/T1/A2/3/x", "https://hooks.slack.com/services/T1",
		"https://api.telegram.org/bot123:token/sendMessage", "https://api.telegram.org/bot123:token/getUpdates?chat_id=1", "https://api.telegram.org/bot123:token/sendMessage?chat_id=x&text=y", "gotify://push.example.org/", "gotify://push.example.org/short",
	} {
		_, _, err := ChannelRules{}.parseChannel("add_channel", text)
		var e *fault.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, "add_channel", e.Field)
		require.Contains(t, e.Message, "mailto:me@example.com")
	}
	_, _, err := ChannelRules{Plain: true}.parseChannel("add_channel", "http://10.0.0.1/hook")
	require.NoError(t, err)
}

func TestWithoutKeyOnlyChannelsThatNeedNoSecretAreTaken(t *testing.T) {
	rules := ChannelRules{Seal: func(string, string) (string, error) { return "", errors.New("no key") }}
	c := Channel{Kind: Email}
	_, err := rules.seal("add_channel", 1, &c, "")
	require.NoError(t, err)
	c = Channel{Kind: Webhook}
	_, err = rules.seal("add_channel", 1, &c, "")
	require.ErrorContains(t, err, "keeps no secrets")
}

// What lets somebody send is kept apart from what is stored, shown and logged.
func TestServicesAreKnownByTheirAddressesAndTheirSecretsKeptApart(t *testing.T) {
	for text, want := range map[string]struct {
		kind          ChannelKind
		target, token string
	}{
		"https://discord.com/api/webhooks/123/ab-c_D":                       {Discord, "https://discord.com/api/webhooks/123", "ab-c_D"},
		"https://discordapp.com/api/v10/webhooks/123/abc/slack?wait=true":   {Discord, "https://discord.com/api/webhooks/123", "abc"},
		"https://ptb.discord.com/api/webhooks/123/abc?thread_id=45":         {Discord, "https://discord.com/api/webhooks/123?thread_id=45", "abc"},
		"discord.com/api/webhooks/123/abc":                                  {Discord, "https://discord.com/api/webhooks/123", "abc"},
		"https://www.discord.com/api/webhooks/123/abc?with_components=true": {Discord, "https://discord.com/api/webhooks/123", "abc"},
		"https://api.telegram.org/bot123:AB/sendMessage?chat_id=42&text=hi": {Telegram, "https://api.telegram.org/bot123?chat_id=42", "AB"},
		"https://push.example.org/message?token=A12345678901234&priority=5": {Gotify, "https://push.example.org/message", "A12345678901234"},
		"gotify://push.example.org/A12345678901234/":                        {Gotify, "https://push.example.org/message", "A12345678901234"},
		"https://hooks.slack.com/services/T0A/B0B/xyz":                      {Slack, "https://hooks.slack.com/services/T0A/B0B", "xyz"},
		"https://hooks.slack-gov.com/services/T0A/B0B/xyz":                  {Slack, "https://hooks.slack-gov.com/services/T0A/B0B", "xyz"},
		"https://api.telegram.org/bot123:AB-c_d/sendMessage?chat_id=-1009":  {Telegram, "https://api.telegram.org/bot123?chat_id=-1009", "AB-c_d"},
		"https://api.telegram.org/bot123:AB/?chat_id=@ours_5&message_thread_id=7": {
			Telegram, "https://api.telegram.org/bot123?chat_id=%40ours_5&message_thread_id=7", "AB"},
		"https://Push.example.org/message?token=A12345678901234":   {Gotify, "https://push.example.org/message", "A12345678901234"},
		"https://example.org/gotify/message?token=A1234567890.-_4": {Gotify, "https://example.org/gotify/message", "A1234567890.-_4"},
		"gotify://push.example.org:8443/A12345678901234":           {Gotify, "https://push.example.org:8443/message", "A12345678901234"},
		"gotify://example.org/under/A12345678901234":               {Gotify, "https://example.org/under/message", "A12345678901234"},
		"https://tk_abcdefghijklm@ntfy.sh/my-topic":                {Ntfy, "https://ntfy.sh/my-topic", "tk_abcdefghijklm"},
	} {
		c, token, err := ChannelRules{}.parseChannel("add_channel", text)
		require.NoError(t, err, text)
		require.Equal(t, Channel{Kind: want.kind, Target: want.target, Enabled: true, Confirmed: true}, c, text)
		require.Equal(t, want.token, token, text)
	}
	c, _, err := ChannelRules{Plain: true}.parseChannel("add_channel", "gotify+http://10.0.0.1/A12345678901234")
	require.NoError(t, err)
	require.Equal(t, "http://10.0.0.1/message", c.Target)
}

func TestHostThatIsNotCalledIsRefusedAtOnceWithTheSwitchThatAllowsIt(t *testing.T) {
	var asked []string
	rules := ChannelRules{Forbidden: func(_ context.Context, host string) (at netip.Addr, forbidden bool) {
		asked = append(asked, host)
		if host == "nas.example.com" {
			at = netip.MustParseAddr("192.168.1.20")
		}
		return at, at.IsValid() || host == "192.168.1.20"
	}}
	for text, said := range map[string]string{
		"ntfy://192.168.1.20/alerts": `"192.168.1.20" is, or leads to, a private address`, "https://192.168.1.20/hook": `"192.168.1.20"`,
		"gotify://192.168.1.20/A12345678901234": `"192.168.1.20"`, "ntfy://nas.example.com/alerts": `"nas.example.com" leads to 192.168.1.20, a private address`,
	} {
		_, _, err := rules.read(t.Context(), "add_channel", text)
		var e *fault.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, fault.InvalidInput, e.Code)
		require.Contains(t, e.Message, said)
		require.Contains(t, e.Hint, "TICKLER_ALLOWED_TARGETS")
	}
	_, _, err := rules.read(t.Context(), "add_channel", "ntfy://ntfy.sh/alerts")
	require.NoError(t, err)
	_, _, err = rules.read(t.Context(), "add_channel", "mailto:me@192.168.1.20")
	require.NoError(t, err, "mail goes through the operator's provider")
	require.ElementsMatch(t, []string{"192.168.1.20", "192.168.1.20", "192.168.1.20", "nas.example.com", "ntfy.sh"}, asked)
}

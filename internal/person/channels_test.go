package person

import (
	"errors"
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

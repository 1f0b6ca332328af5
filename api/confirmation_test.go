package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// link adds an address of mail and returns the path of a link that confirms it, as
// notifier would mail it.
func (r *resident) link(t *testing.T, address string) string {
	t.Helper()
	added := r.call(t, "user_settings", fields{"add_channel": "mailto:" + address})
	require.Contains(t, added["note"], "off until it is confirmed")
	secret := person.NewSecret()
	store := repository.New(pgtest.As(t, r.owner, string(repository.RoleNotifier)), "notifier", func() {})
	for _, channel := range added["channels"].([]any) {
		if channel := channel.(fields); channel["target"] == address {
			require.Equal(t, "unconfirmed", channel["state"])
			require.NoError(t, store.AddConfirmation(t.Context(), int64(channel["id"].(float64)), person.HashSecret(secret)))
			return "/confirm/" + secret
		}
	}
	t.Fatal("there is no such channel")
	return ""
}

func (r *resident) channelState(t *testing.T) any {
	t.Helper()
	return r.call(t, "user_settings", fields{})["channels"].([]any)[0].(fields)["state"]
}

// A link's secret is all that is known of whoever opens it.
func TestLinkConfirmsItsOwnAddressOnly(t *testing.T) {
	twice(t, func(t *testing.T, h *house) {
		ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
		anns, eves := ann.link(t, "ann@example.com"), eve.link(t, "eve@example.com")
		for _, wrong := range []string{"/confirm/x", anns[:len(anns)-1], anns + "A", "/confirm/" + eve.token, "/confirm/%00", "/confirm/%25", strings.ToLower(anns)} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				a := h.send(t, eve.token, method, wrong, nil)
				require.Equal(t, http.StatusNotFound, a.status, "%s: %s", wrong, a.text)
				require.NotContains(t, a.text, "ann@example.com")
			}
		}
		a := h.send(t, ann.token, http.MethodPost, eves, nil) // whatever else is sent
		require.Equal(t, http.StatusOK, a.status)
		require.NotContains(t, a.text, "ann@example.com")
		require.Equal(t, "unconfirmed", ann.channelState(t))
		require.Equal(t, "on", eve.channelState(t))
	})
}

func TestLinkConfirmsByItsButtonAlone(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	link := ann.link(t, "ann@example.com")
	page := h.send(t, "", http.MethodGet, link, nil)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text, "ann@example.com")
	require.Contains(t, page.text, `<form method="post"><button>`)
	require.NotContains(t, page.text, "script")
	require.Equal(t, "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", page.header.Get("Content-Security-Policy"))
	require.Equal(t, "no-store", page.header.Get("Cache-Control"))
	require.Equal(t, "same-origin", page.header.Get("Referrer-Policy"), "else the form comes with the Origin null")
	require.Equal(t, http.StatusOK, h.send(t, "", http.MethodHead, link, nil).status)
	require.Equal(t, "unconfirmed", ann.channelState(t), "scanners of mail follow links")

	for _, origin := range []string{"https://evil.example", "null"} {
		require.Equal(t, http.StatusForbidden, h.send(t, "", http.MethodPost, link, nil, "Origin", origin).status)
	}
	require.Equal(t, "unconfirmed", ann.channelState(t))
	request, err := http.NewRequest(http.MethodPost, h.URL+link, http.NoBody)
	require.NoError(t, err)
	request.Host = "evil.example"
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, response.Body)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.Equal(t, "unconfirmed", ann.channelState(t))

	done := h.send(t, "", http.MethodPost, link, nil, "Origin", h.URL, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusOK, done.status, done.text)
	require.Equal(t, "on", ann.channelState(t))
	require.Contains(t, ann.call(t, "user_settings", fields{"test_channel": 1})["note"], "a test")
	require.NotContains(t, h.log.String(), strings.TrimPrefix(link, "/confirm/"), "no log has the secret")
	audited := ""
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT string_agg(actor, ',') FROM journal WHERE object = 'channel' AND action = 'updated' AND actor = 'confirmation link'`).Scan(&audited))
	require.Equal(t, "confirmation link", audited)
}

func TestLinkThatIsOpenedAgainChangesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	link := ann.link(t, "ann@example.com")
	require.Equal(t, http.StatusOK, h.send(t, "", http.MethodPost, link, nil).status)
	_, err := h.owner.Exec(t.Context(), `UPDATE channels SET enabled = false`) // as after many failures
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, h.send(t, "", http.MethodPost, link, nil).status)
	require.Equal(t, "off", ann.channelState(t))
}

func TestLinkExpires(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	link := ann.link(t, "ann@example.com")
	_, err := h.owner.Exec(t.Context(), `UPDATE channel_confirmations SET expires_at = expires_at - interval '23:59:00'`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, h.send(t, "", http.MethodGet, link, nil).status)
	_, err = h.owner.Exec(t.Context(), `UPDATE channel_confirmations SET expires_at = expires_at - interval '1 minute'`)
	require.NoError(t, err)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		a := h.send(t, "", method, link, nil)
		require.Equal(t, http.StatusNotFound, a.status)
		require.Contains(t, a.text, "older than 24 hours")
	}
	require.Equal(t, "unconfirmed", ann.channelState(t))
	ann.link(t, "ann@example.com") // another
	var left int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM channel_confirmations`).Scan(&left))
	require.Equal(t, 1, left, "the expired one is gone")
}

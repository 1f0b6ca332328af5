package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Forms that no page of ours has: whatever their encoding, none is answered by a fault
// of the server.
func TestFormsInEveryEncodingAreAnswered(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	part := "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nBuy bread\r\n--x--\r\n"
	tried := 0
	for _, one := range h.pages(t) {
		if one.method != http.MethodPost || one.path == "/sign-out" || strings.HasPrefix(one.path, "/settings/browsers/") {
			continue
		}
		for _, sent := range [][2]string{
			{"multipart/form-data; boundary=x", part}, {"multipart/form-data; boundary=x", part[:20]}, {"multipart/form-data", part}, {"multipart/form-data; boundary=x", ""},
			{"application/json", `{"text":"x"}`}, {"text/plain", "text=x"}, {"", "text=x"}, {"application/x-www-form-urlencoded", "text=%zz&title=%"}, {"application/x-www-form-urlencoded", "\x00\xff"},
			{"application/x-www-form-urlencoded", "text=" + strings.Repeat("x", 2<<20)},
		} {
			a := b.visit(http.MethodPost, one.path, strings.NewReader(sent[1]), "Content-Type", sent[0])
			require.Less(t, a.status, 499, "%s as %q: %s", one.path, sent[0], a.text)
			tried++
		}
	}
	require.Greater(t, tried, 200)
	require.NotContains(t, h.log.String(), "panicked")
}

// What stands in the answer to a form stands there once: what is wrong with it, or a
// token. So such a page does not follow what happens meanwhile, and is loaded anew by
// nothing but its person.
func TestAnswerToAFormDoesNotFollowEvents(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	const follows = `data-live="/live"`
	for _, path := range []string{"/", "/tasks", "/connections", "/settings", "/activity"} {
		require.Contains(t, b.get(path).text, follows, path)
	}
	made := b.post("/connections/tokens", "name", "Claude", "may", "read", "expires", "30")
	require.Equal(t, http.StatusOK, made.status)
	require.Contains(t, made.text, "tkl_")
	wrong := b.post("/add", "text", "", "back", "/")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	feed := b.post("/settings/calendar", "do", "new")
	require.Contains(t, feed.text, "/calendar/")
	for _, a := range []answer{made, wrong, feed} {
		require.Contains(t, a.text, `<div id="page">`)
		require.NotContains(t, a.text, follows)
	}
	require.Contains(t, b.follow("/add", "text", "Buy bread", "back", "/").text, follows, "the page that follows a form does")
}

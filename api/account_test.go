package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// once is what a page shows once: the text of its elements of that class.
var once = regexp.MustCompile(`<code class="once">([^<]*)</code>`)

func TestTokenIsMadeShownOnceAndEndedAtThePage(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b := ann.signedIn(t)
	made := b.post("/connections/tokens", "name", `My <laptop>`, "may", "read", "expires", "30")
	require.Equal(t, http.StatusOK, made.status, made.text)
	token := once.FindStringSubmatch(made.text)[1]
	require.True(t, strings.HasPrefix(token, "tkl_"), token)
	require.Contains(t, made.text, "http://127.0.0.1/mcp")
	page := b.get("/connections")
	require.NotContains(t, page.text, token)
	require.Contains(t, page.text, "My &lt;laptop&gt;")
	require.Contains(t, page.text, "reads tasks")
	require.Contains(t, page.text, "/activity?by=My&#43;%3Claptop%3E")
	require.Equal(t, http.StatusOK, h.send(t, token, http.MethodGet, "/v1/tasks", nil).status)
	require.Equal(t, http.StatusForbidden, h.send(t, token, http.MethodPost, "/v1/tasks", fields{"title": "x"}).status)
	var days float64
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT extract(epoch FROM expires_at - now()) / 86400 FROM tokens WHERE name LIKE 'My%'`).Scan(&days))
	require.InDelta(t, 30, days, 0.1)
	var actor string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT actor_kind || ' ' || transport FROM journal WHERE object = 'token' ORDER BY id DESC LIMIT 1`).Scan(&actor))
	require.Equal(t, "person page", actor)

	id := regexp.MustCompile(`name="token" value="(\d+)"`).FindStringSubmatch(page.text)[1]
	require.Equal(t, http.StatusNotFound, eve.signedIn(t).post("/connections/tokens/end", "token", id).status, "another's token does not exist")
	require.Equal(t, http.StatusOK, h.send(t, token, http.MethodGet, "/v1/tasks", nil).status)
	require.NotContains(t, b.follow("/connections/tokens/end", "token", id).text, "My &lt;laptop&gt;")
	require.Eventually(t, func() bool {
		return h.send(t, token, http.MethodGet, "/v1/tasks", nil).status == http.StatusUnauthorized
	}, 5*time.Second, 20*time.Millisecond)
	require.NotContains(t, h.log.String(), token)

	for name, form := range map[string][]string{
		"no name":         {"name", "", "may", "read", "expires", "30"},
		"a hidden letter": {"name", "lap\u200btop", "may", "read", "expires", "30"},
		"another scope":   {"name", "laptop", "may", "admin", "expires", "30"},
		"another end":     {"name", "laptop", "may", "read", "expires", "100000"},
	} {
		a := b.post("/connections/tokens", form...)
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Contains(t, a.text, `class="error"`, "%s: beside its field", name)
		require.NotContains(t, a.text, `class="once"`, name)
		if form[1] == "laptop" {
			require.Contains(t, a.text, `value="laptop"`, "%s: what was typed is kept", name)
		}
	}
	for range 2 {
		require.NotContains(t, b.post("/connections/tokens", "name", "laptop", "may", "write", "expires", "never").text, "admin")
	}
	var scopes string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT string_agg(DISTINCT scopes::text, ' ') FROM tokens WHERE name = 'laptop'`).Scan(&scopes))
	require.Equal(t, "{tasks:read,tasks:write}", scopes)
}

func TestSettingsAreSavedAndWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	good := []string{"time_zone", "Europe/Berlin", "reminder_offsets", "1 day, 30 min", "all_day_time", "08:30", "quiet_from", "22:00", "quiet_to", "07:00", "except_urgent", "yes"}
	page := b.follow("/settings", good...)
	require.Contains(t, page.text, "Saved")
	for _, shown := range []string{`value="Europe/Berlin"`, `value="08:30"`, `value="22:00"`, `value="07:00"`, `name="except_urgent" value="yes" checked`} {
		require.Contains(t, page.text, shown)
	}
	now := ann.call(t, "user_settings", fields{})
	require.Equal(t, "Europe/Berlin", now["time_zone"])
	require.Equal(t, []any{1440.0, 30.0}, now["reminder_offsets"])
	require.Equal(t, "22:00-07:00 except urgent", now["quiet_hours"])
	require.Equal(t, "08:30", now["all_day_time"])

	ann.call(t, "add_task", fields{"title": "x", "due_date": "2030-01-01T09:00"})
	b.follow("/settings", append([]string{"bring", "yes"}, "time_zone", "Asia/Tokyo", "reminder_offsets", "none", "all_day_time", "08:30")...)
	now = ann.call(t, "user_settings", fields{})
	require.Nil(t, now["quiet_hours"])
	require.Empty(t, now["reminder_offsets"])
	require.Contains(t, ann.call(t, "list_tasks", fields{})["tasks"].([]any)[0].(fields)["due_date"], "2030-01-01T09:00:00+09:00", "open tasks came along")

	for field, form := range map[string][]string{
		"time_zone":        {"time_zone", "Berlin<b>", "reminder_offsets", "5 min", "all_day_time", "08:30"},
		"reminder_offsets": {"time_zone", "UTC", "reminder_offsets", "soon<b>", "all_day_time", "08:30"},
		"all_day_time":     {"time_zone", "UTC", "reminder_offsets", "5 min", "all_day_time", "25:00<b>"},
		"quiet_from":       {"time_zone", "UTC", "reminder_offsets", "5 min", "all_day_time", "08:30", "quiet_from", "22:00"},
	} {
		a := b.post("/settings", form...)
		require.Equal(t, http.StatusBadRequest, a.status, field)
		require.Contains(t, a.text, `id="`+field+`-error"`, field)
		for i := 1; i < len(form); i += 2 {
			require.Contains(t, a.text, `value="`+strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(form[i])+`"`, "%s: %s is kept", field, form[i])
		}
		require.NotContains(t, a.text, "<b>")
	}
	require.Equal(t, "Asia/Tokyo", ann.call(t, "user_settings", fields{})["time_zone"])
}

func TestChannelsAreAddedTestedAndRemovedAtThePage(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b := ann.signedIn(t)
	page := b.follow("/settings/channels/add", "do", "topic", "add_channel", "")
	target := regexp.MustCompile(`https://ntfy\.sh/tickler-[a-z2-7]{26}`).FindString(page.text)
	require.NotEmpty(t, target, "a topic that nobody guesses")
	require.Contains(t, page.text, "ntfy://ntfy.sh/tickler-", "the code subscribes a phone")
	drawn := regexp.MustCompile(`<path d="(M[0-9hvz M-]+)" fill="#000"/>`).FindStringSubmatch(page.text)
	require.NotNil(t, drawn)
	require.Greater(t, len(drawn[1]), 500)
	id := regexp.MustCompile(`name="test_channel" value="(\d+)"`).FindStringSubmatch(page.text)[1]

	// notifier delivers meanwhile.
	deliver := func(state, outcome string) {
		require.Eventually(t, func() bool {
			tag, err := h.owner.Exec(t.Context(), `UPDATE deliveries SET state = $1, outcome = $2, attempts = 1 WHERE state = 'pending' AND created_at > now() - interval '2 seconds'`, state, outcome)
			return err == nil && tag.RowsAffected() > 0
		}, 10*time.Second, 20*time.Millisecond)
	}
	for _, want := range []struct{ state, outcome, said string }{{"sent", "", "The test was delivered."}, {"failed", "it answered 404 <b>", "The test did not arrive: it answered 404 &lt;b&gt;."}} {
		_, err := h.owner.Exec(t.Context(), `UPDATE deliveries SET state = 'sent', created_at = created_at - interval '1 hour'`)
		require.NoError(t, err)
		go deliver(want.state, want.outcome)
		require.Contains(t, b.follow("/settings/channels/test", "test_channel", id).text, want.said)
	}
	for _, path := range []string{"test", "remove"} {
		a := eve.signedIn(t).post("/settings/channels/"+path, path+"_channel", id)
		require.Equal(t, http.StatusNotFound, a.status, a.text)
		require.NotContains(t, a.text, target)
	}
	require.Contains(t, b.follow("/settings/channels/remove", "remove_channel", id).text, "Nowhere yet")

	hook := b.post("/settings/channels/add", "add_channel", "https://example.com/hook?a=<b>")
	require.Equal(t, http.StatusConflict, hook.status, "there is no key to keep its secret with")
	require.Contains(t, hook.text, `id="add_channel-error"`)
	require.Contains(t, hook.text, `value="https://example.com/hook?a=&lt;b&gt;"`)
	require.Contains(t, hook.text, `name="time_zone" list="zones" value="UTC"`, "the other forms are as they were")
	require.Equal(t, http.StatusBadRequest, b.post("/settings/channels/add", "add_channel", "").status)
	require.Contains(t, b.follow("/settings/channels/add", "add_channel", "ann@example.com").text, "unconfirmed")
}

func TestCalendarFeedIsShownOnce(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	made := b.post("/settings/calendar", "do", "new")
	require.Equal(t, http.StatusOK, made.status)
	address := html.UnescapeString(once.FindStringSubmatch(made.text)[1])
	path := strings.TrimPrefix(address, "http://127.0.0.1")
	require.Equal(t, http.StatusOK, h.send(t, "", http.MethodGet, path, nil).status)
	require.NotContains(t, b.get("/settings").text, path)
	require.Contains(t, b.get("/settings").text, "Make a new address")
	require.Contains(t, b.follow("/settings/calendar", "do", "off").text, "has ended")
	require.Eventually(t, func() bool { return h.send(t, "", http.MethodGet, path, nil).status == http.StatusNotFound }, 10*time.Second, 100*time.Millisecond)
}

func TestBrowsersAreEndedByTheirPerson(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b, other, third := ann.signedIn(t), ann.signedIn(t), ann.signedIn(t)
	page := b.get("/settings")
	require.Equal(t, 1, strings.Count(page.text, "this one"))
	ids := regexp.MustCompile(`name="session" value="(\d+)"`).FindAllStringSubmatch(page.text, -1)
	require.Len(t, ids, 2)
	var others int64
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT id FROM web_sessions WHERE user_id = $1 ORDER BY id OFFSET 1 LIMIT 1`, ann.user.UserID).Scan(&others))
	evil := eve.signedIn(t)
	require.Equal(t, http.StatusNotFound, evil.post("/settings/browsers/end", "session", fmt.Sprint(others)).status)
	require.Equal(t, http.StatusSeeOther, evil.post("/settings/browsers/end-others").status)
	require.Equal(t, http.StatusOK, other.get("/").status, "another's is not touched")
	b.follow("/settings/browsers/end", "session", fmt.Sprint(others))
	require.Eventually(t, func() bool { return other.get("/").status == http.StatusSeeOther }, 15*time.Second, 20*time.Millisecond)
	require.Equal(t, http.StatusOK, third.get("/").status)
	require.Contains(t, b.follow("/settings/browsers/end-others").text, "signed out, within two seconds: 1.")
	require.Eventually(t, func() bool { return third.get("/").status == http.StatusSeeOther }, 15*time.Second, 20*time.Millisecond)
	require.Equal(t, http.StatusOK, b.get("/").status)
}

// upload sends a file as a form does.
func (b *browser) upload(path, name, content string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", name)
	require.NoError(b.t, err)
	_, err = file.Write([]byte(content))
	require.NoError(b.t, err)
	require.NoError(b.t, form.Close())
	return b.visit(http.MethodPost, path, &body, "Content-Type", form.FormDataContentType())
}

func TestFileIsTriedAndThenImportedAtThePage(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, bob := h.resident(t, "ann"), h.resident(t, "bob")
	ann.call(t, "add_task", fields{"title": "Water <the> plants"})
	b := ann.signedIn(t)
	exported := b.get("/settings/export")
	require.Equal(t, http.StatusOK, exported.status)
	require.Contains(t, exported.header.Get("Content-Disposition"), "attachment")
	require.True(t, json.Valid([]byte(exported.text)))

	to := bob.signedIn(t)
	tried := to.upload("/settings/import", "tickler.json", exported.text)
	require.Equal(t, http.StatusOK, tried.status, tried.text)
	require.Contains(t, tried.text, "1 would be created, 0 skipped")
	require.Empty(t, bob.call(t, "list_tasks", fields{})["tasks"])
	done := to.upload("/settings/import?do=import", "Tickler.JSON", exported.text)
	require.Contains(t, done.text, "1 created, 0 skipped")
	require.Len(t, bob.call(t, "list_tasks", fields{})["tasks"], 1)
	require.Contains(t, done.text, "<progress", "it tells how far it has come")
	require.True(t, strings.HasSuffix(strings.TrimSpace(done.text), "</html>"))
	require.Contains(t, done.header.Get("Content-Security-Policy"), "default-src 'none'")
	again := to.upload("/settings/import?do=import", "tickler.json", exported.text)
	require.Contains(t, again.text, "0 created, 1 skipped")
	require.Contains(t, again.text, "Water &lt;the&gt; plants", "what was skipped is named")

	for name, content := range map[string]string{"notes.txt": "x", "x.json": "{", "<b>.csv": "\x00\x01", "": "x"} {
		a := to.upload("/settings/import", name, content)
		require.GreaterOrEqual(t, a.status, 400, name)
		require.Less(t, a.status, 500, name)
		require.Contains(t, a.text, `id="file-error"`, name)
		require.NotContains(t, a.text, ">Body ", name)
		require.NotContains(t, a.text, "<b>", name)
	}
	large := to.upload("/settings/import", "x.csv", strings.Repeat("x", 17<<20))
	require.Equal(t, http.StatusBadRequest, large.status)
	require.Equal(t, http.StatusBadRequest, to.post("/settings/import", "file", "x").status)
}

// Whatever people and agents write stays text, also in what the settings show.
func TestHostileTextStaysTextInTheSettings(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for what, text := range hostile {
		ann := h.resident(t, "ann "+what)
		b := ann.signedIn(t)
		b.post("/connections/tokens", "name", text, "may", "read", "expires", "30")
		b.post("/settings/channels/add", "add_channel", "ntfy://ntfy.sh/"+text)
		b.post("/settings", "time_zone", text, "reminder_offsets", text, "all_day_time", text)
		b.upload("/settings/import", text+".csv", text)
		for _, a := range []answer{
			b.get("/connections"), b.get("/settings"), b.post("/settings", "time_zone", text), b.post("/connections/tokens", "name", text),
			b.post("/settings/channels/add", "add_channel", text), b.post("/sign-in/mail", "address", text),
		} {
			require.Less(t, a.status, 500, what)
			require.NotContains(t, a.text, "<script>alert", what)
			require.NotContains(t, a.text, "<img", what)
			require.NotContains(t, strings.ToLower(a.text), "onerror=alert(1)>", what)
		}
	}
	require.NotContains(t, h.log.String(), `"ERROR"`)
}

// What stops an import in its middle is told, with how far it came: the page has
// begun by then.
func TestImportThatStopsInItsMiddleSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	lock, err := h.owner.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = lock.Exec(t.Context(), `LOCK TABLE tasks IN SHARE MODE`)
	require.NoError(t, err)
	const file = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\ntask,first,,4,1,,,,en,UTC\n"
	a := b.upload("/settings/import?do=import", "todoist.csv", file)
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Contains(t, a.text, "It stopped before its end")
	require.Contains(t, a.text, "0 are created so far")
	require.NoError(t, lock.Rollback(t.Context()))
	require.Contains(t, b.upload("/settings/import?do=import", "todoist.csv", file).text, "1 created, 0 skipped")
}

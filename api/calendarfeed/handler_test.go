package calendarfeed_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"tickler/api/calendarfeed"
	"tickler/api/operation"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func TestCalendarIsReadByWhoHasItsAddressUntilThatIsRevoked(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	ctx := context.Background()
	store := repository.New(pgtest.As(t, pgtest.Open(t), string(repository.RoleAPI)), "api", func() {})
	service, people := task.NewService(store, time.Now), person.NewService(store, time.Now, person.ChannelRules{})
	router := gin.New()
	feeds := calendarfeed.New(service, "tickler.example.com", time.Now, operation.New(service, nil, nil, nil, time.Now, slog.New(slog.DiscardHandler)).Visible, func(int64) (func(), error) { return func() {}, nil }, slog.New(slog.DiscardHandler))
	router.Match([]string{http.MethodGet, http.MethodHead}, "/calendar/:file", feeds.Serve)
	server := httptest.NewServer(router)
	defer server.Close()
	user := func(name string) person.Settings {
		id, err := store.EnsureUser(ctx, repository.LocalIssuer, name, "Europe/Berlin")
		require.NoError(t, err)
		settings, err := store.Settings(ctx, id)
		require.NoError(t, err)
		return settings
	}
	ann, bob := user("ann"), user("bob")
	add := func(user person.Settings, title, due string) {
		_, err := service.Add(ctx, user, task.AddInput{Fields: task.Fields{Title: input.Some(title), DueDate: input.Some(due)}})
		require.NoError(t, err)
	}
	add(ann, "Water the plants", "2030-03-01T09:00")
	add(ann, "Some day", "")
	add(bob, "Of another", "2030-03-01T09:00")
	set := func(what string) string {
		after, err := people.UpdateSettings(ctx, ann, person.SettingsInput{CalendarFeed: what})
		require.NoError(t, err)
		return "/calendar/" + after.CalendarSecret + ".ics"
	}
	get := func(method, path, tag string) (*http.Response, string) {
		request, err := http.NewRequestWithContext(ctx, method, server.URL+path, nil)
		require.NoError(t, err)
		if tag != "" {
			request.Header.Set("If-None-Match", tag)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response, string(text)
	}

	path := set("new")
	response, text := get(http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/calendar; charset=utf-8", response.Header.Get("Content-Type"))
	require.Contains(t, text, "SUMMARY:Water the plants\r\n")
	require.Contains(t, text, "DUE;TZID=Europe/Berlin:20300301T090000\r\n")
	require.NotContains(t, text, "Some day")
	require.NotContains(t, text, "Of another")
	tag := response.Header.Get("ETag")
	require.NotEmpty(t, tag)
	for _, list := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		response, text = get(http.MethodGet, path, list)
		require.Equal(t, http.StatusNotModified, response.StatusCode, list)
		require.Empty(t, text)
	}
	response, _ = get(http.MethodHead, path, "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	add(ann, "Another", "2030-03-02")
	response, text = get(http.MethodGet, path, tag)
	require.Equal(t, http.StatusOK, response.StatusCode, "what changed is told")
	require.Contains(t, text, "DUE;VALUE=DATE:20300302\r\n")

	replaced := set("new")
	for _, wrong := range []string{path, strings.TrimSuffix(replaced, ".ics"), "/calendar/x.ics", "/calendar/.ics"} {
		response, text = get(http.MethodGet, wrong, "")
		require.Equal(t, http.StatusNotFound, response.StatusCode, wrong)
		require.Contains(t, text, `"NOT_FOUND"`)
	}
	response, _ = get(http.MethodGet, replaced, "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	set("off")
	response, _ = get(http.MethodGet, replaced, "")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}

package calendarfeed_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

func TestPartOfAFeedIsReadByWhatItsAddressAsksFor(t *testing.T) {
	b := setup(t)
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "Büro & Co"})
	require.NoError(t, err)
	_, err = b.labels.CreateCategory(b.ctx, b.bob, label.CreateCategoryInput{Name: "of bob"})
	require.NoError(t, err)
	add := func(title, category string, tags ...string) {
		b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(title), DueDate: input.Some("2026-03-05T09:00"), Category: input.Some(category), Tags: input.Some(tags)}})
	}
	add("filed", "Büro & Co", "a", "b")
	add("tagged", "", "a")
	add("neither", "")
	path := b.path
	read := func(query string) (status int, text, tag string) {
		b.path = path + query
		got := b.send(http.MethodGet, "")
		return got.Code, got.Body.String(), got.Header().Get("ETag")
	}
	_, _, whole := read("")
	for query, want := range map[string]struct {
		events, todos int
		titles        []string
	}{
		"":                                      {3, 3, []string{"filed", "tagged", "neither"}},
		"?unknown=1":                            {3, 3, nil},
		"?show=events":                          {3, 0, nil},
		"?show=todos":                           {0, 3, nil},
		"?category=b%C3%BCro+%26+co":            {1, 1, []string{"filed"}},
		"?tag=a":                                {2, 2, []string{"filed", "tagged"}},
		"?tag=a&tag=B":                          {1, 1, []string{"filed"}},
		"?show=todos&category=Büro+%26+Co&tag=": {0, 1, []string{"filed"}},
	} {
		status, text, tag := read(query)
		require.Equal(t, http.StatusOK, status, "%s: %s", query, text)
		require.Equal(t, want.events, strings.Count(text, "BEGIN:VEVENT\r\n"), query)
		require.Equal(t, want.todos, strings.Count(text, "BEGIN:VTODO\r\n"), query)
		for _, title := range want.titles {
			require.Contains(t, text, "SUMMARY:"+title+"\r\n", query)
		}
		require.Equal(t, want.events+want.todos == 6, tag == whole, "another part has another ETag: %s", query)
		require.Contains(t, text, "X-PUBLISHED-TTL:PT15M\r\n")
		require.Contains(t, text, "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n")
	}
	for query, status := range map[string]int{"?show=both": http.StatusBadRequest, "?category=of+bob": http.StatusNotFound, "?tag=none": http.StatusNotFound} {
		got, text, tag := read(query)
		require.Equal(t, status, got, text)
		require.Empty(t, tag)
		require.NotContains(t, text, "VCALENDAR")
	}
}

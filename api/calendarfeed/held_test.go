package calendarfeed_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

func (b *bundle) replaceFeed(t *testing.T, user person.Settings, what string) (path string) {
	t.Helper()
	after, err := b.people.UpdateSettings(b.ctx, user, person.SettingsInput{CalendarFeed: what})
	require.NoError(t, err)
	return "/calendar/" + after.CalendarSecret + ".ics"
}

func due(title string) task.AddInput {
	return task.AddInput{Fields: task.Fields{Title: input.Some(title), DueDate: input.Some("2026-03-05T09:00")}}
}

// An address is replaced because somebody has it who should not.
func TestFeedIsSentNoFurtherOnceItsAddressIsReplaced(t *testing.T) {
	for _, what := range []string{"new", "off"} {
		t.Run(what, func(t *testing.T) {
			b := setup(t)
			for range 120 {
				b.add(t, b.ann, due("x"))
			}
			b.tasks.describing = func(int64) {
				b.tasks.describing = nil
				b.replaceFeed(t, b.ann, what)
				b.now = b.now.Add(3 * time.Second)
			}
			body := b.send(http.MethodGet, "").Body.String()
			require.False(t, strings.HasSuffix(body, "END:VCALENDAR\r\n"), "it does not look whole")
			require.Equal(t, 1, b.tasks.described)
		})
	}
}

// A reader that takes an answer slowly holds one of the few places, and whoever
// replaces the address could begin anew.
func TestUserHoldsHalfOfTheFeedsUnderWayByWhateverAddresses(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, due("of ann"))
	b.add(t, b.bob, due("of bob"))
	held, release := make(chan struct{}), make(chan struct{})
	b.tasks.describing = func(userID int64) {
		if userID == b.ann.UserID {
			held <- struct{}{}
			<-release
		}
	}
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() { b.send(http.MethodGet, "") })
		<-held
	}
	b.path = b.replaceFeed(t, b.ann, "new")
	require.Equal(t, http.StatusTooManyRequests, b.send(http.MethodGet, "").Code)
	require.Equal(t, http.StatusOK, b.send(http.MethodHead, "").Code, "which takes no place")
	anns := b.path
	b.path = b.replaceFeed(t, b.bob, "new")
	other := b.send(http.MethodGet, "")
	require.Equal(t, http.StatusOK, other.Code)
	require.Contains(t, other.Body.String(), "of bob")
	close(release)
	slow.Wait()
	b.tasks.describing = nil
	b.path = anns
	require.Equal(t, http.StatusOK, b.send(http.MethodGet, "").Code, "the places are free again")
}

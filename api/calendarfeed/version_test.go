package calendarfeed_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"tickler/api/calendarfeed"
	"tickler/api/operation"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// observed counts what is read of feeds.
type observed struct {
	*task.Service
	mu              sync.Mutex
	read, described int
	// describing is called before descriptions are read; nil: nothing is.
	describing func(userID int64)
}

func (o *observed) FeedTasks(ctx context.Context, f task.Feed) ([]*task.Task, error) {
	o.read++
	return o.Service.FeedTasks(ctx, f)
}

func (o *observed) Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error) {
	if o.describing != nil {
		o.describing(userID)
	}
	o.mu.Lock()
	o.described++
	o.mu.Unlock()
	return o.Service.Descriptions(ctx, userID, ids)
}

// bundle is a feed of ann's, with a clock that can be moved.
type bundle struct {
	ctx      context.Context
	now      time.Time
	tasks    *observed
	labels   *label.Service
	people   *person.Service
	ann, bob person.Settings
	handler  http.Handler
	path     string
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	b := &bundle{ctx: t.Context(), now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return b.now }
	store := repository.New(pgtest.As(t, pgtest.Open(t), string(repository.RoleAPI)), "api", func() {})
	b.tasks = &observed{Service: task.NewService(store, now)}
	b.labels, b.people = label.NewService(store, now), person.NewService(store, now, person.ChannelRules{})
	for name, user := range map[string]*person.Settings{"ann": &b.ann, "bob": &b.bob} {
		id, err := store.EnsureUser(b.ctx, repository.LocalIssuer, name, "Europe/Berlin")
		require.NoError(t, err)
		*user, err = store.Settings(b.ctx, id)
		require.NoError(t, err)
	}
	feed, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{CalendarFeed: "new"})
	require.NoError(t, err)
	b.path = "/calendar/" + feed.CalendarSecret + ".ics"
	router := gin.New()
	log := slog.New(slog.DiscardHandler)
	visible := operation.New(b.tasks.Service, nil, nil, nil, now, log).Visible
	router.Match([]string{http.MethodGet, http.MethodHead}, "/calendar/:file", calendarfeed.New(b.tasks, "tickler.example.com", now, visible, func(int64) (func(), error) { return func() {}, nil }, log).Serve)
	b.handler = router
	return b
}

func (b *bundle) send(method, tag string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(b.ctx, method, b.path, nil)
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	response := httptest.NewRecorder()
	b.handler.ServeHTTP(response, request)
	return response
}

func (b *bundle) add(t *testing.T, user person.Settings, in task.AddInput) int64 {
	t.Helper()
	added, err := b.tasks.Add(b.ctx, user, in)
	require.NoError(t, err)
	return added.Task.ID
}

func TestFeedThatIsNotSentIsNotRead(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05")}})
	got := b.send(http.MethodGet, "")
	require.Equal(t, 1, b.tasks.read)
	tag := got.Header().Get("ETag")
	head := b.send(http.MethodHead, "")
	require.Equal(t, http.StatusOK, head.Code)
	require.Equal(t, tag, head.Header().Get("ETag"))
	require.Equal(t, got.Header().Get("Content-Type"), head.Header().Get("Content-Type"))
	require.Zero(t, head.Body.Len())
	require.Equal(t, http.StatusNotModified, b.send(http.MethodGet, tag).Code)
	require.Equal(t, http.StatusNotModified, b.send(http.MethodHead, tag).Code)
	require.Equal(t, 1, b.tasks.read)
	require.Equal(t, 1, b.tasks.described)
}

// The tag changes with all that the feed shows, and with nothing else.
func TestVersionOfAFeedChangesWithWhatItShows(t *testing.T) {
	b := setup(t)
	id := b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05T09:00"), Tags: input.Some([]string{"a", "b"})}})
	other := b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("y"), DueDate: input.Some("2026-03-06")}})
	category, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "home"})
	require.NoError(t, err)
	tags, err := b.labels.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	tag, body := "", ""
	look := func() (string, string) {
		got := b.send(http.MethodGet, "")
		require.Equal(t, http.StatusOK, got.Code)
		require.Equal(t, got.Header().Get("ETag"), b.send(http.MethodHead, "").Header().Get("ETag"))
		return got.Header().Get("ETag"), got.Body.String()
	}
	tag, body = look()
	update := func(in task.UpdateInput) func() error {
		in.TaskID = id
		return func() error { _, err := b.tasks.Update(b.ctx, b.ann, in); return err }
	}
	for _, c := range []struct {
		what string
		do   func() error
		same bool
	}{
		{"nothing", func() error { return nil }, true},
		{"a title", update(task.UpdateInput{Fields: task.Fields{Title: input.Some("z")}}), false},
		{"a description", update(task.UpdateInput{Fields: task.Fields{Description: input.Some("at length")}}), false},
		{"a category", update(task.UpdateInput{Fields: task.Fields{CategoryID: input.Some(category.ID)}}), false},
		{"the name of the category", func() error {
			_, err := b.labels.UpdateCategory(b.ctx, b.ann, label.UpdateCategoryInput{CategoryInput: label.CategoryInput{CategoryID: category.ID}, Name: input.Some("house")})
			return err
		}, false},
		{"the name of a tag", func() error {
			_, err := b.labels.UpdateTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{TagID: tags[0].Label.ID}, Name: input.Some("c")})
			return err
		}, false},
		{"a tag less", func() error {
			_, err := b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{TagID: tags[1].Label.ID})
			return err
		}, false},
		{"a category less", func() error {
			_, err := b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{CategoryID: category.ID})
			return err
		}, false},
		{"the reminders of all tasks", func() error {
			_, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{5})})
			return err
		}, false},
		{"a due date", update(task.UpdateInput{Fields: task.Fields{DueDate: input.Some("2026-03-05T10:00")}}), false},
		{"what another person has", func() error {
			b.add(t, b.bob, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05")}})
			return nil
		}, true},
		{"a task without a due date", func() error { b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x")}}); return nil }, true},
		{"a task more", func() error {
			b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05")}})
			return nil
		}, false},
		{"a task done", func() error { _, err := b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id}); return err }, false},
		{"some days", func() error { b.now = b.now.AddDate(0, 0, 29); return nil }, true},
		{"days enough to forget what was done", func() error { b.now = b.now.AddDate(0, 0, 2); return nil }, false},
		{"a task less", func() error { _, err := b.tasks.Delete(b.ctx, b.ann, other); return err }, false},
		{"another year", func() error { b.now = b.now.AddDate(1, 0, 0); return nil }, false},
	} {
		require.NoError(t, c.do(), c.what)
		after, text := look()
		if c.same {
			require.Equal(t, tag, after, c.what)
			require.Equal(t, body, text, c.what)
		} else {
			require.NotEqual(t, tag, after, c.what)
		}
		tag, body = after, text
	}
}

// What a feed keeps does not depend on how long the descriptions are.
func TestLongDescriptionsAreSentAsTheyAreRead(t *testing.T) {
	b := setup(t)
	for range 500 {
		b.add(t, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05T09:00"), Description: input.Some(strings.Repeat("𒈙", 10_000))}})
	}
	feed, err := b.tasks.Feed(b.ctx, strings.TrimSuffix(strings.TrimPrefix(b.path, "/calendar/"), ".ics"), task.Selection{})
	require.NoError(t, err)
	tasks, err := b.tasks.FeedTasks(b.ctx, feed)
	require.NoError(t, err)
	require.Len(t, tasks, 500)
	for _, one := range tasks {
		require.Empty(t, one.Description)
	}
	text := b.send(http.MethodGet, "").Body.String()
	require.Greater(t, len(text), 500*2*40_000, "all of it is sent")
	require.Equal(t, 10, b.tasks.described, "fifty at a time")
}

package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/feed"
	"tickler/internal/history"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// site is the page on a real database. The header X-Test-User names who is signed
// in, in place of a session.
type site struct {
	*httptest.Server
	operations *operation.Operations
	store      *repository.Repository
	pool       *pgxpool.Pool
	log        *bytes.Buffer
	now        func() time.Time
}

// visitor is a person with a browser without script.
type visitor struct {
	*site
	t       testing.TB
	name    string
	user    person.Settings
	browser *http.Client
}

// plainCookies are those of a server on loopback.
type plainCookies struct{}

func (plainCookies) SetCookie(c *gin.Context, name, value string, lasts time.Duration) {
	cookie := &http.Cookie{Name: "tickler-" + name, Value: value, Path: "/", MaxAge: int(lasts.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}

func (plainCookies) Cookie(c *gin.Context, name string) string {
	value, _ := c.Cookie("tickler-" + name)
	return value
}

// setup starts a site with two people, ann in Berlin and bob.
func setup(t testing.TB) (ann, bob *visitor) {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	s := &site{pool: pgtest.Open(t), log: &bytes.Buffer{}, now: time.Now}
	var events *feed.Feed
	s.store = repository.New(s.pool, "api", func() { events.Wake() })
	log := slog.New(slog.NewTextHandler(s.log, nil))
	events = feed.New(s.store, log, prometheus.NewRegistry())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { events.Run(ctx); close(ended) }()
	tasks, labels := task.NewService(s.store, time.Now), label.NewService(s.store, time.Now)
	s.operations = operation.New(tasks, labels, person.NewService(s.store, time.Now, person.ChannelRules{}), history.NewService(s.store, time.Now), time.Now, log)
	users := map[string]person.Settings{}
	for name, zone := range map[string]string{"ann": "Europe/Berlin", "bob": "UTC"} {
		id, err := s.store.EnsureUser(ctx, repository.LocalIssuer, name, zone)
		require.NoError(t, err)
		users[name], err = s.store.Settings(ctx, id)
		require.NoError(t, err)
	}
	router := gin.New()
	pages := web.NewPages(s.operations, plainCookies{})
	pages.MountAssets(router)
	web.Mount(router, web.Config{
		Pages: pages, Operations: s.operations, Events: events, Now: func() time.Time { return s.now() },
		Guard: gin.HandlersChain{func(c *gin.Context) {
			user, known := users[c.GetHeader("X-Test-User")]
			if !known {
				c.AbortWithStatus(http.StatusUnauthorized)
				return
			}
			ctx := operation.WithUser(c.Request.Context(), user)
			ctx = access.With(ctx, access.Caller{UserID: user.UserID, Scopes: access.Standard, Actor: "ann"})
			ctx = journal.With(ctx, journal.NewCall(journal.Actor{Kind: journal.Person, Name: c.GetHeader("X-Test-User"), Transport: journal.Page}))
			c.Request = c.Request.WithContext(ctx)
		}},
	})
	s.Server = httptest.NewServer(router)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); stop(); <-ended })
	visit := func(name string) *visitor {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		return &visitor{site: s, t: t, name: name, user: users[name], browser: &http.Client{Jar: jar}}
	}
	return visit("ann"), visit("bob")
}

// page is an answer that was read, after redirects.
type page struct {
	status int
	path   string // with query
	header http.Header
	text   string
}

func (v *visitor) send(method, path string, form url.Values, headers ...string) page {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.URL+path, body)
	require.NoError(v.t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("X-Test-User", v.name)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.browser.Do(request)
	require.NoError(v.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return page{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(text)}
}

// get opens a page.
func (v *visitor) get(path string, headers ...string) page {
	v.t.Helper()
	return v.send(http.MethodGet, path, nil, headers...)
}

// post sends a form: names and values by turns.
func (v *visitor) post(path string, fields ...string) page {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.send(http.MethodPost, path, form)
}

// run runs an operation for the visitor as an agent does.
func run[Answer any](v *visitor, name string, arguments string) Answer {
	v.t.Helper()
	ctx := journal.With(v.t.Context(), journal.NewCall(journal.Actor{Kind: journal.Agent, Name: "Claude", Transport: journal.MCP}))
	given, err := v.operations.Named(name).Call(ctx, v.user, []byte(arguments))
	require.NoError(v.t, err)
	return given.(Answer)
}

// adds adds a task and returns its id.
func (v *visitor) adds(arguments string) int64 {
	v.t.Helper()
	return run[operation.TaskAnswer](v, "add_task", arguments).Task.ID
}

package web_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// takeAway makes the database refuse everybody until the returned function is called.
func (v *visitor) takeAway() (bringBack func()) {
	v.t.Helper()
	config := v.pool.Config().ConnConfig.Copy()
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(v.t.Context(), config)
	require.NoError(v.t, err)
	allow := func(allowed bool) {
		_, err := admin.Exec(v.t.Context(), fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, pgx.Identifier{name}.Sanitize(), allowed))
		require.NoError(v.t, err)
	}
	allow(false)
	_, err = admin.Exec(v.t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name)
	require.NoError(v.t, err)
	return func() { allow(true); _ = admin.Close(v.t.Context()) }
}

func TestWithoutPostgresThePageSaysSoAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "Old"}`)
	edit := "/task/" + itoa(id) + "/edit"
	form := editForm(ann.get(edit), "title", "Typed <b>while", "description", "it was\r\naway")
	bringBack := ann.takeAway()

	for _, path := range []string{"/", "/tasks", "/upcoming", "/search?q=x", "/task/" + itoa(id), edit, "/activity"} {
		got := ann.get(path)
		require.Equal(t, http.StatusServiceUnavailable, got.status, path)
		require.Contains(t, got.text, "The database cannot be reached", path)
		require.NotEmpty(t, got.header.Get("Retry-After"))
	}
	added := ann.post("/add", "back", "/", "key", "k", "text", `Call "Bob" tomorrow`)
	require.Equal(t, http.StatusServiceUnavailable, added.status)
	require.Contains(t, added.text, `action="/add"`)
	require.Contains(t, added.text, `>Call &#34;Bob&#34; tomorrow</textarea>`)
	require.Contains(t, added.text, `name="key" value="k"`)
	kept := ann.post(edit, form...)
	require.Equal(t, http.StatusServiceUnavailable, kept.status)
	require.Contains(t, kept.text, "Typed &lt;b&gt;while")

	require.Equal(t, 1, strings.Count(ann.post("/task/"+itoa(id)+"/comment", "text", "Said", "title", "").text, "What you typed"), "nothing was typed into the other")

	bringBack()
	require.Eventually(t, func() bool { return ann.get("/").status == http.StatusOK }, 15*time.Second, 50*time.Millisecond)
	require.Contains(t, ann.post(edit, form...).text, "Saved")
	require.Equal(t, []string{"Typed <b>while", "it was\naway"}, []string{ann.view(id).Title, ann.view(id).Description})
}

func TestPageFollowsItsPersonsEventsOnly(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ann.URL+"/live", nil)
	require.NoError(t, err)
	request.Header.Set("X-Test-User", "ann")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	bob.adds(`{"title": "Bob's"}`)
	ann.adds(`{"title": "secret"}`)
	seen := []string{}
	for line := range lines {
		seen = append(seen, line)
		if line == "event: change" {
			break
		}
	}
	require.NotContains(t, strings.Join(seen, "\n"), "secret", "the page is rendered in one place")
	select {
	case line := <-lines:
		for ; line != "" && line != "data: "; line = <-lines {
			require.NotContains(t, line, "event")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the event does not end")
	}
}

func TestAThousandTasksAndLongTitlesDoNotBreakThePage(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	_, err := ann.pool.Exec(t.Context(), `
		INSERT INTO tasks (user_id, title, time_zone, due_date, created_at, updated_at)
		SELECT $1, rpad('Task ' || n || ' ', 200, 'W'), 'UTC', CASE WHEN n % 4 > 0 THEN now() + (n - 500) * interval '1 hour' END, now(), now() FROM generate_series(1, 1000) n`, ann.user.UserID)
	require.NoError(t, err)
	for _, path := range []string{"/", "/tasks", "/tasks?select=1", "/upcoming", "/search?q=task"} {
		got := ann.get(path)
		require.Equal(t, http.StatusOK, got.status, path)
		require.Less(t, len(got.text), 150_000, path)
		require.NotEmpty(t, shown(got), path)
	}
	require.Contains(t, ann.get("/").text, "Show all")
	require.Contains(t, ann.get("/tasks").text, "1000 tasks")
}

func TestDeletedTasksAreListedAndRestored(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "Gone"}`)
	ann.post("/task/"+itoa(id)+"/delete", "back", "/")
	list := ann.get("/tasks?status=deleted")
	require.Equal(t, []int64{id}, shown(list))
	require.Contains(t, list.text, `aria-label="Restore: Gone"`)
	require.Contains(t, ann.post("/several", "back", "/tasks?status=deleted", "task", itoa(id), "do", "reopen").text, "1 task open again")
	require.Len(t, run[operation.TaskPage](ann, "list_tasks", `{"status": "pending"}`).Tasks, 1)
}

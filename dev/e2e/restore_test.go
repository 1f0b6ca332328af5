package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/dev/port"
	"tickler/dev/postgres"
	"tickler/dev/stack"
)

// follower is a client that follows its events as browsers do: when the stream ends it
// goes on from the last id, wherever api is by then.
type follower struct {
	mu     sync.Mutex
	url    string
	opened int      // streams
	events []string // "reset", or "TYPE TITLE"
}

func (f *follower) follow(ctx context.Context, token string) {
	last := ""
	for ctx.Err() == nil {
		f.mu.Lock()
		address := f.url
		f.mu.Unlock()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/v1/events", nil)
		if err != nil {
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
		if last != "" {
			request.Header.Set("Last-Event-ID", last)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		f.mu.Lock()
		f.opened++
		f.mu.Unlock()
		kind, lines := "", bufio.NewScanner(response.Body)
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				last = value
			case "event":
				kind = value
				if kind == "reset" {
					f.note("reset")
				}
			case "data":
				if _, title, found := strings.Cut(value, `"title":"`); found {
					title, _, _ = strings.Cut(title, `"`)
					f.note(kind + " " + title)
				}
			}
		}
		_ = response.Body.Close()
	}
}

func (f *follower) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, what)
}

// follows reports whether a stream was opened: what came before is not in it.
func (f *follower) follows() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened > 0
}

func (f *follower) noted() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.events...)
}

// A backup goes to another server, whose transactions have other numbers, while a
// client follows. It must be told to read afresh, and get nothing old among what is new.
func TestRestoreOnAnotherServerIsNoticedAndStreamsBeginAnew(t *testing.T) {
	t.Parallel()
	binaries, err := postgres.Find(t.Context(), 0)
	if err != nil {
		t.Skip("no Postgres is installed: ", err)
	}
	tool := func(name string) string {
		path := filepath.Join(binaries.Dir, name)
		if _, err := exec.LookPath(path); err != nil {
			t.Skip(name + " is not installed with Postgres")
		}
		return path
	}
	dump, restore := tool("pg_dump"), tool("pg_restore")
	first := start(t, nil)
	p := first.person(t, "")
	client := &follower{url: first.APIURL()}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	following := sync.WaitGroup{}
	following.Go(func() { client.follow(ctx, p.token) })
	defer following.Wait()
	defer cancel()

	until(t, soon, "the client to follow", client.follows)
	before := 30
	for i := range before {
		p.add(t, fields{"title": fmt.Sprintf("before %d", i)})
	}
	until(t, soon, "the client to have everything", func() bool { return len(client.noted()) == before })
	daily := p.add(t, fields{"title": "daily", "due_date": in(day), "recurrence_rule": "daily"})
	file := filepath.Join(t.TempDir(), "tickler.dump")
	run := func(program string, args ...string) {
		output, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
		require.NoError(t, err, "%s %v: %s", program, args, output)
	}
	run(dump, "--format=custom", "--file="+file, first.DatabaseURL())
	for i := range 20 {
		p.add(t, fields{"title": fmt.Sprintf("lost %d", i)})
	}
	lost := p.add(t, fields{"title": "lost"})
	until(t, soon, "the client to have what the backup has not", func() bool { return len(client.noted()) == before+22 })
	first.Stop()

	// Another server, on which fewer transactions have run.
	second, err := stack.StartPostgres(t.Context(), filepath.Join(staged.root, "restored"))
	require.NoError(t, err)
	defer func() { second.Stop(); _ = stack.Clean(filepath.Join(staged.root, "restored")) }()
	api := func(args ...string) (string, error) {
		output, err := command(t, "api", []string{"DATABASE_URL=" + second.DatabaseURL()}, args...).CombinedOutput()
		return string(output), err
	}
	said, err := api("migrate", "up")
	require.NoError(t, err, said)
	require.NotContains(t, said, "begins anew")
	said, err = api("restore", "ready")
	require.NoError(t, err, said)
	run(restore, "--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname="+second.DatabaseURL(), file)

	free := freePort(t)
	env := []string{"DATABASE_URL=" + second.DatabaseURL(), "TICKLER_LISTEN=" + port.Address(free)}
	early := launch(t, "api", env)
	until(t, soon, "an app to say what is to be done", func() bool { return strings.Contains(early.said(), "api migrate up") })
	require.NoError(t, early.Process.Kill())
	<-early.ended
	until(t, soon, "its sessions to end", func() bool { _, err := api("restore", "ready"); return err == nil })
	said, err = api("migrate", "up")
	require.NoError(t, err, said)
	require.Contains(t, said, "it was restored from a backup")

	launch(t, "api", env)
	db, err := pgx.Connect(t.Context(), second.DatabaseURL())
	require.NoError(t, err)
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	client.mu.Lock()
	client.url = "http://" + port.Address(free)
	client.mu.Unlock()
	until(t, soon, "the client to be told", func() bool { return len(client.noted()) > before+22 })
	address, err := url.Parse(client.url + "/v1/tasks")
	require.NoError(t, err)
	var ids []int64
	for i := range 40 {
		r := send(t, http.MethodPost, address.String(), fmt.Sprintf(`{"title":"after %d"}`, i), "Authorization", "Bearer "+p.token, "Content-Type", "application/json")
		require.Equal(t, http.StatusCreated, r.status, r.body)
	}
	rows, err := db.Query(t.Context(), `SELECT id FROM tasks WHERE title LIKE 'after %'`)
	require.NoError(t, err)
	ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	for _, id := range ids {
		require.Greater(t, id, lost.ID, "no id is given out twice")
	}
	require.Greater(t, lost.ID, daily.ID)
	until(t, soon, "the client to have what is new", func() bool { return len(client.noted()) >= before+22+1+40 })
	got := client.noted()[before+22:]
	require.Equal(t, "reset", got[0])
	require.Len(t, got, 41, "nothing old")
	for i, one := range got[1:] {
		require.Equal(t, fmt.Sprintf("task.created after %d", i), one)
	}
}

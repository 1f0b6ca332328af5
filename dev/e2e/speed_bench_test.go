package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// tableVariable is how many tasks BenchmarkReading puts into the table at most;
// a million without it, which takes some minutes.
const tableVariable = "TICKLER_BENCH_TASKS"

// BenchmarkReading measures list, get and search over MCP with one task in the
// table, with ten thousand, and with a million, of which ten thousand are the
// caller's and lie between those of ninety-nine others. Words are drawn so that
// a few are in almost every task and most are rare; one is in every title. Each
// iteration makes every call once.
func BenchmarkReading(b *testing.B) {
	largest := 1_000_000
	if text := os.Getenv(tableVariable); text != "" {
		var err error
		largest, err = strconv.Atoi(text)
		require.NoError(b, err, tableVariable)
	}
	s := start(b, unlimited)
	total := 0
	for _, size := range []int{1, 10_000, largest} {
		p := s.person(b, "")
		s.fill(b, p, size-total, min(size-total, 10_000))
		total = size
		b.Run(fmt.Sprintf("of=%d", size), func(b *testing.B) { reading(b, s, p) })
	}
}

// fill adds tasks, own of them the person's and spread evenly.
func (s *system) fill(b *testing.B, p *person, tasks, own int) {
	b.Helper()
	began := time.Now()
	s.exec(b, `INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'local', 'other-' || n, 'UTC', '{60}', 540 FROM generate_series(1, 99) n ON CONFLICT DO NOTHING`)
	defer s.withoutIndexes(b)()
	const batch = 50_000
	for from := 0; from < tasks; from += batch {
		s.exec(b, `
			WITH words AS MATERIALIZED (
				SELECT array_agg(translate(to_hex(n * 7919), '0123456789abcdef', 'bcdfghjklmnpaeio') || CASE n % 5 WHEN 0 THEN 'ing' WHEN 1 THEN 'er' ELSE '' END ORDER BY n) AS list
				FROM generate_series(1, 5000) n
			), people AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS list FROM users WHERE subject LIKE 'other-%')
			INSERT INTO tasks (user_id, title, description, priority, completed_at, due_date, time_zone, created_at, updated_at)
			SELECT CASE WHEN (n + 1) * $3::bigint / $4 > n * $3::bigint / $4 THEN (SELECT id FROM users WHERE subject = $5) ELSE people.list[1 + n % 99] END,
			       'Task ' || (SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, 4) i),
			       coalesce((SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, n % 60) i), ''),
			       (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4]::task_priority,
			       CASE WHEN n % 3 = 0 THEN now() END,
			       CASE WHEN n % 5 > 0 THEN now() + (n % 9000) * interval '1 hour' END, 'UTC', now() - n * interval '1 second', now() - n * interval '1 second'
			FROM generate_series($1::int, $2::int - 1) n, words, people`,
			from, min(tasks, from+batch), own, tasks, p.name)
	}
	b.Logf("%d tasks were added in %s", tasks, time.Since(began).Round(time.Second))
}

// withoutIndexes drops the indexes of tasks that hold nothing together, which
// makes adding a million bearable, and returns what makes them again.
func (s *system) withoutIndexes(b *testing.B) (restore func()) {
	b.Helper()
	rows, err := s.db.Query(b.Context(), `
		SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tasks'
		AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname`)
	require.NoError(b, err)
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Definition string }])
	require.NoError(b, err)
	require.NotEmpty(b, indexes)
	for _, index := range indexes {
		s.exec(b, `DROP INDEX `+index.Name)
	}
	return func() {
		for _, index := range indexes {
			s.exec(b, index.Definition)
		}
		s.exec(b, `VACUUM ANALYZE tasks`)
	}
}

func reading(b *testing.B, s *system, p *person) {
	user := query[int64](b, s, `SELECT id FROM users WHERE subject = $1`, p.name)
	id := query[int64](b, s, `SELECT min(id) FROM tasks WHERE user_id = $1`, user)
	title := query[string](b, s, `SELECT title FROM tasks WHERE id = $1`, id)
	var first, last string
	_, err := fmt.Sscanf(title, "Task %s %s", &first, &last)
	require.NoError(b, err, title)
	calls := []struct {
		kind, tool string
		arguments  fields
	}{
		{"get", "get_task", fields{"task_id": id}},
		{"list", "list_tasks", fields{}},
		{"list", "list_tasks", fields{"status": "pending", "sort_by": "due_date"}},
		{"list", "list_tasks", fields{"priority": []string{"high", "urgent"}, "sort_by": "title"}},
		{"list", "list_tasks", fields{"sort_by": "due_date", "sort_order": "desc"}},
		{"list", "list_tasks", fields{"status": "completed", "sort_by": "updated_at"}},
		{"overview", "get_overview", fields{}},
		{"search", "search_tasks", fields{"query": "task"}},             // in every title
		{"search", "search_tasks", fields{"query": "t"}},                // a prefix of very many
		{"search", "search_tasks", fields{"query": first + " " + last}}, // there is one at least
		{"search", "search_tasks", fields{"query": `"` + first + " " + last + `"`}},
		{"search", "search_tasks", fields{"query": last, "priority": []string{"high"}}},
		{"search", "search_tasks", fields{"query": "xylophone"}}, // nowhere, nor anything like it
		{"search", "search_tasks", fields{"query": "task -" + first, "response_format": "detailed"}},
	}
	taken := make([]samples, len(calls))
	measure := func(keep bool) {
		for i, c := range calls {
			began := time.Now()
			p.call(b, c.tool, c.arguments)
			if keep {
				taken[i].add(time.Since(began))
			}
		}
	}
	for range 10 {
		measure(false)
	}
	for b.Loop() {
		measure(true)
	}
	kinds := map[string]*samples{}
	var told []string
	for i, c := range calls {
		if kinds[c.kind] == nil {
			kinds[c.kind] = &samples{}
		}
		kinds[c.kind].taken = append(kinds[c.kind].taken, taken[i].taken...)
		told = append(told, fmt.Sprintf("%s %v: p50 %s, p95 %s", c.tool, c.arguments, taken[i].quantile(50), taken[i].quantile(95)))
	}
	b.Log(strings.Join(told, "; ")) // in one: of a benchmark, only ten lines are shown
	for kind, s := range kinds {
		b.ReportMetric(float64(s.quantile(95).Microseconds())/1000, kind+"-p95-ms")
	}
}

func (s *samples) quantile(percent int) time.Duration {
	slices.SortFunc(s.taken, cmp.Compare)
	return s.taken[min(len(s.taken)*percent/100, len(s.taken)-1)]
}

// unlimited lets a user call as often as it can.
func unlimited(c *stack.Config) {
	c.AppEnv = map[string]map[string]string{"api": {"TICKLER_USER_RATE": "0", "TICKLER_USER_CALLS": "0", "TICKLER_ADDRESS_RATE": "0"}}
}

const writers = 16

// BenchmarkAdding measures how many tasks sixteen MCP clients add in a second,
// each on a connection of its own, and how many transactions of the same
// statements sixteen connections to Postgres do by themselves; by turns, so that
// both see the same machine. The apps run meanwhile and publish what comes.
func BenchmarkAdding(b *testing.B) {
	s := start(b, unlimited)
	const slice = 3 * time.Second
	people := make([]*person, writers)
	for i := range people {
		people[i] = s.person(b, "")
	}
	user := query[int64](b, s, `SELECT id FROM users WHERE subject = $1`, people[0].name)
	pool := s.wide(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers, MaxConnsPerHost: writers}}
	var calls, raw float64
	for b.Loop() {
		calls += perSecond(b, slice, func(ctx context.Context, i int) error {
			return addOnce(ctx, client, s.MCPURL(), people[i].token)
		})
		raw += perSecond(b, slice, func(ctx context.Context, _ int) error { return addRaw(ctx, pool, user) })
	}
	b.ReportMetric(calls/float64(b.N), "mcp/s")
	b.ReportMetric(raw/float64(b.N), "pgx/s")
	b.ReportMetric(calls/raw, "ratio")
}

// addOnce calls add_task as lean as a client can: what is measured is the server.
func addOnce(ctx context.Context, client *http.Client, url, token string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_task","arguments":{"title":"Buy milk and bread","description":"at the shop around the corner","due_date":"2031-03-01T09:00"}}}`))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json",
		"Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2025-11-25",
	} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Contains(answer, []byte(`"structuredContent":{"task"`)) {
		err = fmt.Errorf("add_task: %s: %s", response.Status, answer)
	}
	return err
}

// wide is a pool with a connection for each writer.
func (s *system) wide(b *testing.B) *pgxpool.Pool {
	b.Helper()
	config, err := pgxpool.ParseConfig(s.DatabaseURL())
	require.NoError(b, err)
	config.MaxConns = writers
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return pool
}

// perSecond lets all writers work for some time.
func perSecond(b *testing.B, long time.Duration, work func(ctx context.Context, writer int) error) float64 {
	b.Helper()
	var done atomic.Int64
	var working sync.WaitGroup
	began := time.Now()
	for i := range writers {
		working.Go(func() {
			for time.Since(began) < long {
				if err := work(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	working.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// addRaw does what the api does for one task, and nothing else. Its outbox rows
// are in shards that nobody publishes: these tasks are none of the contract's.
func addRaw(ctx context.Context, pool *pgxpool.Pool, user int64) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `
			WITH added AS (
				INSERT INTO tasks (user_id, title, description, time_zone, due_date, reminder_times, created_at, updated_at)
				VALUES ($1, 'Buy milk and bread', 'at the shop around the corner', 'UTC', '2031-03-01T09:00Z', '{2031-03-01T08:00Z}', now(), now())
				ON CONFLICT DO NOTHING RETURNING id
			), armed AS (
				INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, $1, '2031-03-01T08:00Z' FROM added
			)
			SELECT id FROM added`, user).Scan(&id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			WITH entry AS (
				INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, after, event_id, event_type, version, source)
				VALUES ($2, now(), gen_random_uuid(), 'agent', 'bench', 'mcp', 'task', $1, 'created', $3::json, gen_random_uuid(), 'task.created', 1, 'tickler/api') RETURNING id
			)
			INSERT INTO outbox (shard, topic, id, task_id) SELECT 100 + $1 % 16, 'task-events', id, $1 FROM entry`, id, user, rawFields)
		return err
	})
}

// rawFields are as long as those of such a task.
const rawFields = `{"title":"Buy milk and bread","description":"at the shop around the corner","priority":"medium","due_date":"2031-03-01T09:00:00Z","tag_ids":[]}`

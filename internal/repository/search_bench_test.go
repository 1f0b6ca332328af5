package repository_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// BenchmarkSearch measures searches of a user with ten thousand tasks, among a
// hundred thousand of others. A few words are in almost every task, and most are
// rare. It reports the 50th and 95th percentile.
func BenchmarkSearch(b *testing.B) {
	ctx := context.Background()
	pool := pgtest.Open(b)
	store := repository.New(pgtest.As(b, pool, string(repository.RoleAPI)), "api", func() {})
	service := task.NewService(store, time.Now)
	user, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(b, err)
	settings, err := store.Settings(ctx, user)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'local', 'other-' || n, 'UTC', '{60}', 540 FROM generate_series(1, 10) n`)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `
		SELECT setseed(0.5);
		WITH words AS MATERIALIZED (
			SELECT array_agg(translate(to_hex(n * 7919), '0123456789abcdef', 'bcdfghjklmnpaeio') || CASE n % 5 WHEN 0 THEN 'ing' WHEN 1 THEN 'er' ELSE '' END ORDER BY n) AS list
			FROM generate_series(1, 5000) n
		), people AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS list FROM users)
		INSERT INTO tasks (user_id, title, description, priority, completed_at, time_zone, created_at, updated_at)
		SELECT people.list[1 + n % 11],
		       'Task ' || (SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, 4) i),
		       coalesce((SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, n % 60) i), ''),
		       (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4]::task_priority,
		       CASE WHEN n % 3 = 0 THEN now() END, 'UTC', now() - n * interval '1 second', now() - n * interval '1 second'
		FROM generate_series(0, 109999) n, words, people`)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `VACUUM ANALYZE tasks`)
	require.NoError(b, err)
	var title string
	require.NoError(b, pool.QueryRow(ctx, `SELECT title FROM tasks WHERE user_id = $1 ORDER BY id LIMIT 1`, user).Scan(&title))
	var first, last string
	_, err = fmt.Sscanf(title, "Task %s %s", &first, &last)
	require.NoError(b, err)
	for _, search := range []struct {
		name string
		in   task.SearchInput
	}{
		{"in-every-title", task.SearchInput{Query: "task"}},
		{"one-letter", task.SearchInput{Query: "t"}},
		{"two-words", task.SearchInput{Query: first + " " + last}},
		{"one-word-of-high-priority", task.SearchInput{Query: last, Selection: task.Selection{Priority: []task.Priority{task.High}}}},
		{"in-one-of-twenty", task.SearchInput{Query: "dngc"}},
		{"not-a-word", task.SearchInput{Query: "task -" + first}},
		{"misspelt", task.SearchInput{Query: "x" + last}},
		{"nowhere", task.SearchInput{Query: "xylophone"}},
	} {
		b.Run(search.name, func(b *testing.B) {
			var taken []time.Duration
			for b.Loop() {
				began := time.Now()
				_, err := service.Search(ctx, settings, search.in)
				taken = append(taken, time.Since(began))
				require.NoError(b, err)
			}
			slices.Sort(taken)
			b.ReportMetric(float64(taken[len(taken)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(taken[len(taken)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

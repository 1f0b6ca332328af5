package repository_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// BenchmarkSearch measures searches of a user with ten thousand tasks, among a
// hundred thousand of others. A few words are in almost every task, and most are
// rare. Another user writes without blanks between words. It reports the 50th and
// 95th percentile.
func BenchmarkSearch(b *testing.B) {
	ctx := context.Background()
	pool := pgtest.Open(b)
	store := repository.New(pgtest.As(b, pool, string(repository.RoleAPI)), "api", func() {})
	service := task.NewService(store, time.Now)
	users := map[string]person.Settings{}
	for _, name := range []string{"ann", "bai"} {
		id, err := store.EnsureUser(ctx, repository.LocalIssuer, name, "UTC")
		require.NoError(b, err)
		users[name], err = store.Settings(ctx, id)
		require.NoError(b, err)
	}
	user := users["ann"].UserID
	_, err := pool.Exec(ctx, `
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'local', 'other-' || n, 'UTC', '{60}', 540 FROM generate_series(1, 10) n`)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `
		SELECT setseed(0.5);
		WITH words AS MATERIALIZED (
			SELECT array_agg(translate(to_hex(n * 7919), '0123456789abcdef', 'bcdfghjklmnpaeio') || CASE n % 5 WHEN 0 THEN 'ing' WHEN 1 THEN 'er' ELSE '' END ORDER BY n) AS list
			FROM generate_series(1, 5000) n
		), people AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS list FROM users WHERE subject <> 'bai')
		INSERT INTO tasks (user_id, title, description, priority, completed_at, time_zone, created_at, updated_at)
		SELECT people.list[1 + n % 11],
		       'Task ' || (SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, 4) i),
		       coalesce((SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], ' ') FROM generate_series(1, n % 60) i), ''),
		       (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4]::task_priority,
		       CASE WHEN n % 3 = 0 THEN now() END, 'UTC', now() - n * interval '1 second', now() - n * interval '1 second'
		FROM generate_series(0, 109999) n, words, people`)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `
		SELECT setseed(0.5);
		WITH words AS MATERIALIZED (
			SELECT array_agg(chr(19968 + n * 37 % 3000) || chr(19968 + n * 101 % 3000) ORDER BY n) AS list FROM generate_series(1, 5000) n
		)
		INSERT INTO tasks (user_id, title, description, time_zone, created_at, updated_at)
		SELECT $1, '任务' || (SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], '') FROM generate_series(1, 4) i),
		       coalesce((SELECT string_agg(words.list[power(5000, random() + 0 * (i + n))::int], '') FROM generate_series(1, n % 60) i), ''),
		       'UTC', now() - n * interval '1 second', now() - n * interval '1 second'
		FROM generate_series(0, 9999) n, words`, pgx.QueryExecModeSimpleProtocol, users["bai"].UserID)
	require.NoError(b, err)
	// Something was said about a tenth of the tasks: a hundred words, or a few thousand.
	_, err = pool.Exec(ctx, `
		SELECT setseed(0.5);
		WITH words AS MATERIALIZED (
			SELECT array_agg(translate(to_hex(n * 7919), '0123456789abcdef', 'bcdfghjklmnpaeio') ORDER BY n) AS list FROM generate_series(1, 5000) n
		)
		UPDATE tasks SET said = ARRAY['remark ' || (SELECT string_agg(words.list[power(5000, random() + 0 * (i + tasks.id))::int], ' ') FROM generate_series(1, CASE WHEN tasks.id % 500 = 0 THEN 2500 ELSE 100 END) i)]
		FROM words WHERE tasks.id % 10 = 0`)
	require.NoError(b, err)
	_, err = pool.Exec(ctx, `VACUUM ANALYZE tasks`)
	require.NoError(b, err)
	var unspaced []rune
	var text string
	require.NoError(b, pool.QueryRow(ctx, `SELECT title FROM tasks WHERE user_id = $1 ORDER BY id LIMIT 1`, users["bai"].UserID).Scan(&text))
	unspaced = []rune(text)
	var title string
	require.NoError(b, pool.QueryRow(ctx, `SELECT title FROM tasks WHERE user_id = $1 ORDER BY id LIMIT 1`, user).Scan(&title))
	var first, last string
	_, err = fmt.Sscanf(title, "Task %s %s", &first, &last)
	require.NoError(b, err)
	for _, search := range []struct {
		name string
		in   task.SearchInput
		user string // ann, unless given
	}{
		{"in-every-title", task.SearchInput{Query: "task"}, ""},
		{"one-letter", task.SearchInput{Query: "t"}, ""},
		{"two-words", task.SearchInput{Query: first + " " + last}, ""},
		{"one-word-of-high-priority", task.SearchInput{Query: last, Selection: task.Selection{Priority: []task.Priority{task.High}}}, ""},
		{"in-one-of-twenty", task.SearchInput{Query: "dngc"}, ""},
		{"not-a-word", task.SearchInput{Query: "task -" + first}, ""},
		{"misspelt", task.SearchInput{Query: "x" + last}, ""},
		{"misspelt-in-two-words", task.SearchInput{Query: "x" + last + " x" + first}, ""},
		{"misspelt-long", task.SearchInput{Query: "qkzzvhtheqxxstrypzprtr"}, ""},
		{"eight-misspelt", task.SearchInput{Query: strings.Repeat("qkzzvhtheqxx or ", 7) + "qkzzvhtheqxx"}, ""},
		{"unspaced-in-every-title", task.SearchInput{Query: "任务"}, "bai"},
		{"unspaced-one-letter", task.SearchInput{Query: "任"}, "bai"},
		{"unspaced-word", task.SearchInput{Query: string(unspaced[2:4])}, "bai"},
		{"unspaced-whole", task.SearchInput{Query: string(unspaced)}, "bai"},
		{"unspaced-common-letters-apart", task.SearchInput{Query: string([]rune{unspaced[0], unspaced[2], unspaced[1]})}, "bai"},
		{"in-comments", task.SearchInput{Query: "remark"}, ""},
		{"in-comments-shown", task.SearchInput{Query: "remark " + last, Highlight: true}, ""},
		{"nowhere", task.SearchInput{Query: "xylophone"}, ""},
	} {
		b.Run(search.name, func(b *testing.B) {
			var taken []time.Duration
			for b.Loop() {
				began := time.Now()
				_, err := service.Search(ctx, users[cmp.Or(search.user, "ann")], search.in)
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

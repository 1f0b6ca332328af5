package repository_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// benchSize is the number of tasks in a benchmark; the variable reduces it for a
// quick look.
func benchSize(b *testing.B, variable string, standard int) int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err, variable)
	return n
}

// seedReminders makes a user's open tasks. The last due ones remind at an instant
// that has passed, the rest in a year.
func seedReminders(b *testing.B, pool *pgxpool.Pool, tasks, due int) {
	b.Helper()
	_, err := pool.Exec(context.Background(), `
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'bench', 'user-' || n, 'UTC', '{60}', 540 FROM generate_series(1, 1000) n`)
	require.NoError(b, err)
	_, err = pool.Exec(context.Background(), `
		INSERT INTO tasks (user_id, title, description, time_zone, due_date, reminder_times, created_at, updated_at)
		SELECT 1 + n % 1000, 'Write to person ' || n, 'About the matter of last week', 'UTC', at + interval '1 hour', ARRAY[at], now(), now()
		FROM (SELECT n, CASE WHEN n > $1::int - $2::int THEN now() - interval '1 minute' ELSE now() + interval '1 year' END
		             + n * interval '1 microsecond' AS at FROM generate_series(1, $1::int) n) x`, tasks, due)
	require.NoError(b, err)
	_, err = pool.Exec(context.Background(), `
		INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, user_id, reminder_times[1] FROM tasks`)
	require.NoError(b, err)
	_, err = pool.Exec(context.Background(), `VACUUM (ANALYZE) tasks, reminders`)
	require.NoError(b, err)
	_, err = pool.Exec(context.Background(), `CHECKPOINT`)
	require.NoError(b, err)
}

// BenchmarkScanOfManyDue claims reminders that are all due at once, as the ticks of
// two replicas would.
func BenchmarkScanOfManyDue(b *testing.B) {
	size := benchSize(b, "TICKLER_BENCH_DUE", 1_000_000)
	batch := benchSize(b, "TICKLER_BENCH_BATCH", 500)
	workers := benchSize(b, "TICKLER_BENCH_WORKERS", 2)
	pool := pgtest.Open(b)
	seedReminders(b, pool, size, size)
	store := repository.New(pool, "notifier", func() {})
	now := time.Now().UTC().Add(time.Minute)
	var claimed atomic.Int64
	b.ResetTimer()
	begun := time.Now()
	var scans sync.WaitGroup
	for range workers {
		scans.Go(func() {
			var last time.Time
			for {
				n, next, err := store.ClaimReminders(context.Background(), now, last, batch)
				last = next
				if err != nil || n == 0 {
					require.NoError(b, err)
					return
				}
				claimed.Add(int64(n))
			}
		})
	}
	scans.Wait()
	b.ReportMetric(float64(claimed.Load())/time.Since(begun).Seconds(), "reminders/s")
	var rows int
	require.NoError(b, pool.QueryRow(context.Background(), `SELECT count(DISTINCT id) FROM outbox`).Scan(&rows))
	require.Equal(b, size, rows)
}

// BenchmarkIdleScan measures a tick when nothing is due, with few tasks and with
// many: the difference is the cost of the number of tasks.
func BenchmarkIdleScan(b *testing.B) {
	few := benchSize(b, "TICKLER_BENCH_FEW", 10_000)
	many := benchSize(b, "TICKLER_BENCH_MANY", 10_000_000)
	for _, tasks := range []int{few, many} {
		b.Run("tasks="+strconv.Itoa(tasks), func(b *testing.B) {
			pool := pgtest.Open(b)
			// Creating what the scan does not read would take most of the setup
			// time.
			_, err := pool.Exec(context.Background(), `
				ALTER TABLE tasks DROP COLUMN search_vector CASCADE;
				DROP INDEX idx_tasks_created, idx_tasks_updated, idx_tasks_due, idx_tasks_open, idx_tasks_priority, idx_tasks_title;
				DROP INDEX IF EXISTS idx_tasks_trigrams`)
			require.NoError(b, err)
			seedReminders(b, pool, tasks, 0)
			store := repository.New(pool, "notifier", func() {})
			b.ResetTimer()
			for b.Loop() {
				n, _, err := store.ClaimReminders(context.Background(), time.Now().UTC(), time.Time{}, 500)
				require.NoError(b, err)
				require.Zero(b, n)
			}
		})
	}
}

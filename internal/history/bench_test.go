package history_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// BenchmarkJournal measures what the journal costs: how large it is after so many
// changes, half of them additions; how many rows and index entries an addition leaves
// in it and in the outbox; reading it; and taking changes back.
func BenchmarkJournal(b *testing.B) {
	const tasks = 10_000
	ctx := context.Background()
	pool := pgtest.Open(b)
	store := repository.New(pgtest.As(b, pool, string(repository.RoleAPI)), "api", func() {})
	service, changed, labels := task.NewService(store, time.Now), history.NewService(store, time.Now), label.NewService(store, time.Now)
	id, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(b, err)
	ann, err := store.Settings(ctx, id)
	require.NoError(b, err)
	count := func(b *testing.B, sql string) (n float64) {
		require.NoError(b, pool.QueryRow(ctx, sql).Scan(&n))
		return n
	}
	for n := range tasks {
		through := journal.With(ctx, journal.NewCall(laptop))
		added, err := service.Add(through, ann, task.AddInput{Fields: task.Fields{
			Title: input.Some(fmt.Sprint("Water the plants ", n)), Tags: input.Some([]string{"home", "garden"}), DueDate: input.Some("2030-03-01T09:00"), RecurrenceRule: input.Some("weekly"),
		}})
		require.NoError(b, err)
		_, err = service.Update(journal.With(ctx, journal.NewCall(phone)), ann, task.UpdateInput{TaskID: added.Task.ID, Fields: task.Fields{Priority: input.Some(task.High)}})
		require.NoError(b, err)
	}
	rows, index := count(b, `SELECT count(*) FROM journal`), count(b, `SELECT count(*) FROM pg_index WHERE indpred IS NULL AND indrelid IN ('journal'::regclass, 'outbox'::regclass)`)
	b.Run("size", func(b *testing.B) {
		for b.Loop() {
		}
		table, indexes := count(b, `SELECT pg_table_size('journal')`), count(b, `SELECT pg_indexes_size('journal')`)
		b.ReportMetric(table/rows*100_000/(1<<20), "MiB/100k")
		b.ReportMetric(indexes/rows*100_000/(1<<20), "MiB-of-indexes/100k")
		b.ReportMetric(index, "index-entries/addition")
		b.ReportMetric(count(b, `SELECT count(*) FROM outbox o WHERE o.id = (SELECT max(id) FROM journal WHERE action = 'created')`)+1, "rows/addition")
		b.ReportMetric(0, "ns/op")
	})
	_, err = pool.Exec(ctx, `VACUUM ANALYZE`)
	require.NoError(b, err)
	for name, in := range map[string]history.ListInput{
		"list": {}, "list by nobody": {By: "nobody"}, "list of today by one": {By: "laptop", Since: time.Now().Add(-time.Hour).Format(time.RFC3339)}, "list of a task": {TaskID: 77},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := changed.List(ctx, ann, in)
				require.NoError(b, err)
			}
		})
	}
	var call uuid.UUID
	b.Run("undo a call of 50 changes", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			one := journal.NewCall(laptop)
			call = one.ID
			for n := range 50 {
				_, err := service.Update(journal.With(ctx, one), ann, task.UpdateInput{TaskID: int64(n + 1), Fields: task.Fields{Title: input.Some(uuid.NewString())}})
				require.NoError(b, err)
			}
			b.StartTimer()
			_, err := changed.Undo(ctx, ann, history.UndoInput{CallID: call.String()})
			require.NoError(b, err)
		}
	})
	b.Run("undo deleting a tag of 10,000 tasks", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			one := journal.NewCall(laptop)
			_, err := labels.DeleteTag(journal.With(ctx, one), ann, label.TagInput{Tag: "garden"})
			var known *fault.Error
			if errors.As(err, &known) && known.Code == fault.RateLimited {
				b.Skip("the pauses of changes of very many tasks")
			}
			require.NoError(b, err)
			b.StartTimer()
			done, err := changed.Undo(ctx, ann, history.UndoInput{CallID: one.ID.String()})
			require.NoError(b, err)
			require.Equal(b, tasks+1, done.Count)
		}
	})
}

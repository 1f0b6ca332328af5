package repository_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// BenchmarkTasks measures adding, changing and listing, where the store does most of
// the work: one caller, Postgres on the same machine.
func BenchmarkTasks(b *testing.B) {
	ctx := context.Background()
	pool := pgtest.Open(b)
	store := repository.New(pgtest.As(b, pool, string(repository.RoleAPI)), "api", func() {})
	service := task.NewService(store, time.Now)
	id, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(b, err)
	user, err := store.Settings(ctx, id)
	require.NoError(b, err)
	add := func(n int) int64 {
		added, err := service.Add(ctx, user, task.AddInput{Fields: task.Fields{
			Title: input.Some(fmt.Sprint("Water the plants ", n)), Tags: input.Some([]string{"home", "garden"}),
			DueDate: input.Some("2030-03-01T09:00"), RecurrenceRule: input.Some("weekly"),
		}})
		require.NoError(b, err)
		return added.Task.ID
	}
	for n := range 200 {
		id = add(n)
	}
	b.Run("add", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			add(n)
		}
	})
	b.Run("update", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, err := service.Update(ctx, user, task.UpdateInput{TaskID: id, Fields: task.Fields{Description: input.Some(fmt.Sprint(n))}})
			require.NoError(b, err)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			_, err := service.List(ctx, user, task.ListInput{})
			require.NoError(b, err)
		}
	})
}

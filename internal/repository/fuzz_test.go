package repository_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// Whatever somebody searches for or passes as a cursor, Postgres takes it as text:
// it is found or not, or refused as input, and nothing else happens.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"water plants", ""}, {`"water the" -dry or we`, ""}, {"a:* & !b | (c) <-> 'd'", ""}, {`'; DROP TABLE tasks; --`, ""}, {`\`, ""}, {`%_'"`, ""}, {"İıſK", ""}, {"\u0000", "x"},
		{"water", "eyJzIjoicmVsZXZhbmNlIiwiZCI6dHJ1ZSwidiI6IjAuNSIsImkiOjd9"}, {"", "eyJzIjoiY3JlYXRlZF9hdCIsImQiOnRydWUsInYiOiIyMDI2LTAzLTAyIDA4OjAwOjAwKzAwIiwiaSI6MTAwMDA0OX0"},
	} {
		f.Add(seed[0], seed[1])
	}
	ctx := context.Background()
	store := repository.New(pgtest.As(f, pgtest.Open(f), string(repository.RoleAPI)), "api", func() {})
	service := task.NewService(store, time.Now)
	id, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(f, err)
	user, err := store.Settings(ctx, id)
	require.NoError(f, err)
	_, err = service.Add(ctx, user, task.AddInput{Fields: task.Fields{Title: input.Some("Water the plants"), Tags: input.Some([]string{"home"})}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query, cursor string) {
		found, err := service.Search(ctx, user, task.SearchInput{Query: query, Cursor: cursor})
		if err == nil {
			require.LessOrEqual(t, len(found.Hits), 1)
			return
		}
		var e *fault.Error
		require.True(t, errors.As(err, &e), "%q %q: %v", query, cursor, err)
		require.Equal(t, fault.InvalidInput, e.Code, "%q %q: %v", query, cursor, err)
	})
}

package repository_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/task"
)

// Pages are bounded by bytes too, and still omit nothing.
func TestPagesOfLongTextsEndSooner(t *testing.T) {
	b := setup(t)
	const tasks = 70
	long := strings.Repeat("𒈙", task.MaxDescription-5) + " plant"
	for n := range tasks {
		b.add(t, b.ann, task.Fields{Title: input.Some(fmt.Sprint(n)), Description: input.Some(long[4:])})
	}
	listed := map[int64]bool{}
	for in := (task.ListInput{Limit: task.MaxLimit}); ; {
		page, err := b.service.List(b.ctx, b.ann, in)
		require.NoError(t, err)
		require.Equal(t, tasks, page.Total)
		requireBounded(t, page.Hits)
		for _, one := range page.Hits {
			require.False(t, listed[one.ID], "listed twice")
			listed[one.ID] = true
		}
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
		require.GreaterOrEqual(t, len(page.Hits), 50, "fifty fit, whatever they are")
	}
	require.Len(t, listed, tasks)

	found := map[int64]bool{}
	for in := (task.SearchInput{Query: "plant", Limit: task.MaxLimit}); ; {
		page, err := b.service.Search(b.ctx, b.ann, in)
		require.NoError(t, err)
		requireBounded(t, page.Hits)
		for _, one := range page.Hits {
			require.False(t, found[one.ID], "found twice")
			found[one.ID] = true
		}
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
		require.GreaterOrEqual(t, len(page.Hits), 50)
	}
	require.Len(t, found, tasks)

	followed, at := 0, event.Position{}
	for followed < tasks {
		var entries []event.Entry
		require.Eventually(t, func() bool { // other tests may have transactions open on this server
			settled, err := b.store.Settled(b.ctx, []int64{b.ann.UserID})
			require.NoError(t, err)
			entries, err = b.store.LogEntries(b.ctx, b.ann.UserID, at, settled[b.ann.UserID], 100)
			require.NoError(t, err)
			return len(entries) > 0
		}, 30*time.Second, 10*time.Millisecond)
		size := 0
		for _, e := range entries {
			size += len(e.Data)
		}
		require.LessOrEqual(t, size, 1<<20)
		followed, at = followed+len(entries), entries[len(entries)-1].Position
	}
	require.Equal(t, tasks, followed)
}

func requireBounded(t *testing.T, hits []task.Hit) {
	t.Helper()
	size := 0
	for _, one := range hits {
		size += len(one.Description)
	}
	require.LessOrEqual(t, size, 2<<20)
}

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// withComponents is a root like the staged one, in which one component is
// different.
func withComponents(t *testing.T, name, old, replacement string) string {
	t.Helper()
	root := filepath.Join(staged.root, "with-"+name)
	require.NoError(t, os.Mkdir(root, 0o755))
	for _, same := range []string{"dapr.yaml", "dev", "bin"} {
		require.NoError(t, os.Symlink(filepath.Join(staged.root, same), filepath.Join(root, same)))
	}
	components := filepath.Join(root, "components")
	require.NoError(t, os.CopyFS(components, os.DirFS(filepath.Join(staged.root, "components"))))
	file := filepath.Join(components, "apps", name+".yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), old, replacement)), 0o644))
	return root
}

// The hour between two ticks is made a second, and the rest is as it is for use:
// the cron binding of the notifier's sidecar calls, and Postgres decides.
func TestTasksDeletedThirtyDaysAgoArePurgedByTheCronBinding(t *testing.T) {
	t.Parallel()
	root := withComponents(t, "housekeeping", "@every 1h", "@every 1s")
	s := start(t, func(c *stack.Config) { c.Root = root })
	p := s.person(t, "")
	old, recent := p.add(t, fields{"title": "old", "tags": []string{"t"}}), p.add(t, fields{"title": "recent"})
	kept := p.add(t, fields{"title": "kept"})
	for _, one := range []view{old, recent} {
		p.call(t, "delete_task", fields{"task_id": one.ID})
	}
	s.exec(t, `UPDATE tasks SET deleted_at = now() - CASE id WHEN $1 THEN interval '30 days 1 minute' ELSE interval '29 days 23 hours' END WHERE deleted_at IS NOT NULL`, old.ID)
	until(t, soon, "the old one to be purged", func() bool {
		return query[int](t, s, `SELECT count(*)::int FROM tasks WHERE id = $1`, old.ID) == 0
	})
	require.Equal(t, "NOT_FOUND", p.refused(t, "reopen_task", fields{"task_id": old.ID}).Code)
	p.call(t, "reopen_task", fields{"task_id": recent.ID})
	require.Equal(t, "recent", p.get(t, recent.ID).Title)
	require.Equal(t, "kept", p.get(t, kept.ID).Title)
}

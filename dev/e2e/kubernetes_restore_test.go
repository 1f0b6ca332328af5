package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// restoreBackup takes the database back in time, as docs/operations.md says for a
// cluster.
func (s *system) restoreBackup(t *testing.T) {
	run := func(program string, args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), program, args...)
		c.Env = []string{"DATABASE_URL=" + s.DatabaseURL(), "PGSSLROOTCERT=" + s.cluster.stores.authorityFile(), "HOME=" + t.TempDir()}
		output, err := c.CombinedOutput()
		return string(output), err
	}
	api := filepath.Join(staged.root, "bin", "api")
	tool := func(name string) string { return filepath.Join(s.cluster.stores.postgres.Binaries.Dir, name) }
	p := s.person(t, "")
	kept := p.add(t, fields{"title": "kept", "due_date": in(day), "recurrence_rule": "daily"})
	dump := filepath.Join(t.TempDir(), "tickler.dump")
	said, err := run(tool("pg_dump"), "--format=custom", "--file="+dump, s.DatabaseURL())
	require.NoError(t, err, said)
	lost := p.add(t, fields{"title": "lost"})

	said, err = run(api, "restore", "ready")
	require.Error(t, err, "the apps are connected")
	require.Contains(t, said, "notifier")
	kubectl(t, "-n", namespace, "scale", "deployment", "--all", "--replicas=0")
	kubectl(t, "-n", namespace, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/name in (api,notifier,recurrer)", "--timeout=2m")
	said, err = run(api, "restore", "ready")
	require.NoError(t, err, said)
	said, err = run(tool("pg_restore"), "--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname="+s.DatabaseURL(), dump)
	require.NoError(t, err, said)
	said, err = run(api, "migrate", "up")
	require.NoError(t, err, said)
	require.Contains(t, said, "restored from a backup")
	kubectl(t, "-n", namespace, "scale", "deployment", "--all", "--replicas=2")
	rolledOut(t, deployed...)

	p.session = connect(t, s.MCPURL(), p.token)
	require.Equal(t, "NOT_FOUND", p.refused(t, "get_task", fields{"task_id": lost.ID}).Code)
	p.call(t, "complete_task", fields{"task_id": kept.ID})
	due := p.add(t, fields{"title": "due", "due_date": in(minute)})
	// What was completed without a recorded next occurrence is handed to the workers before.
	until(t, atWork, "the next occurrence", func() bool { return len(s.successors(t, kept.ID)) == 1 })
	until(t, atWork, "the reminder", func() bool { return len(s.reminders(due.ID)) == 1 })
}

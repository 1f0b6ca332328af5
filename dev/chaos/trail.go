package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Logged lists the lines of all logs with a text.
func (l *Local) Logged(text string) (found []string) {
	for _, part := range l.Parts() {
		for line := range strings.Lines(l.Log(part)) {
			if strings.Contains(line, text) {
				found = append(found, part+": "+line)
			}
		}
	}
	return found
}

// Letters lists the dead letters as an operator does.
func (l *Local) Letters(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, filepath.Join(l.folder, "bin", "api"), "deadletters", "list")
	list.Env = []string{"DATABASE_URL=" + l.DatabaseURL(), "PATH=" + os.Getenv("PATH")}
	printed, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("api deadletters list: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(printed)), "\n")
	return lines[min(1, len(lines)):], nil // the first names the columns
}

// Trail is what the tables have of a task.
func (l *Local) Trail(ctx context.Context, taskID int64) string {
	return Trail(ctx, l.DatabaseURL(), taskID)
}

// Trail reads all that a database has of a task.
func Trail(ctx context.Context, database string, taskID int64) string {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err.Error()
	}
	defer conn.Close(ctx)
	var b strings.Builder
	for _, read := range []struct{ what, sql string }{
		{"task", `SELECT to_jsonb(t) - 'search_vector' FROM tasks t WHERE id = $1 OR previous_task_id = $1`},
		{"reminder", `SELECT to_jsonb(r) FROM reminders r WHERE task_id = $1`},
		{"journal", `SELECT to_jsonb(j) FROM journal j WHERE object = 'task' AND object_id = $1 ORDER BY id`},
		{"outbox", `SELECT to_jsonb(o) FROM outbox o WHERE task_id = $1 ORDER BY id`},
		{"inbox", `SELECT to_jsonb(i) FROM inbox i JOIN journal j USING (event_id) WHERE j.object = 'task' AND j.object_id = $1`},
		{"delivery", `SELECT to_jsonb(d) - 'content' FROM deliveries d WHERE task_id = $1 ORDER BY id`},
	} {
		rows, err := conn.Query(ctx, read.sql, taskID)
		if err != nil {
			fmt.Fprintf(&b, "  %s: %v\n", read.what, err)
			continue
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s %s\n", read.what, line)
		}
		if err != nil {
			fmt.Fprintf(&b, "  %s: %v\n", read.what, err)
		}
	}
	return b.String()
}

package chaos

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// left alone, a system is not disturbed.
type leftAlone struct{ *Local }

func (leftAlone) Disturbances() []Disturbance { return nil }

// On a running stack an outbox row is lost, an occurrence gets a second successor and a
// reminder is armed again behind the system's back: the books do not balance.
func TestWhatIsSpoiltOnARunningStackIsFound(t *testing.T) {
	root, err := stack.FindRoot()
	require.NoError(t, err)
	local, err := StartLocal(t.Context(), LocalConfig{Root: root, Output: os.Stdout})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, local.Stop()) })
	exec := func(sql string) {
		conn, err := pgx.Connect(context.Background(), local.DatabaseURL())
		require.NoError(t, err)
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), sql)
		require.NoError(t, err, sql)
	}
	report, err := Run(t.Context(), leftAlone{local}, Config{
		Seed: 1, Length: 25 * time.Second, Users: 2, Settle: 45 * time.Second, Output: os.Stdout,
		Meddle: func(*Books) {
			exec(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN NEW.id % 40 > 0 THEN NEW END; END'`)
			exec(`CREATE TRIGGER lose BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.topic = 'task-events') EXECUTE FUNCTION lose()`)
			exec(`ALTER TABLE tasks DROP CONSTRAINT tasks_previous_task_id_key`)
			exec(`DO $$ DECLARE names text; BEGIN
				SELECT string_agg(column_name, ', ') INTO names FROM information_schema.columns
				WHERE table_name = 'tasks' AND is_generated = 'NEVER' AND is_identity = 'NO';
				EXECUTE format('INSERT INTO tasks (%1$s) SELECT %1$s FROM tasks WHERE previous_task_id IS NOT NULL AND deleted_at IS NULL ORDER BY id LIMIT 1', names);
			END $$`)
			exec(`UPDATE reminders SET remind_at = now() WHERE task_id IN (
				SELECT r.task_id FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.reminded_at IS NOT NULL AND NOT t.completed AND t.deleted_at IS NULL LIMIT 1)`)
		},
	})
	require.NoError(t, err)
	t.Log(report)
	found := map[string]int{}
	for _, f := range report.Findings {
		found[f.Promise]++
	}
	require.Positive(t, found[PromiseEvents], "the lost rows")
	require.Positive(t, found[PromiseSuccessor], "the second successor")
	require.Positive(t, found[PromiseReminders], "the second reminder")
	require.Zero(t, found[PromiseAnswered])
	require.Zero(t, found[PromiseOwn])
}

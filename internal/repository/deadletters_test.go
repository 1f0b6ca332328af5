package repository_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestDeadLetterIsKeptOnceAndCanBeSentAgain(t *testing.T) {
	b := setup(t)
	id := uuid.New()
	document := `{"id":"` + id.String() + `","type":"task.completed","source":"tickler/api","time":"2026-03-01T00:00:00Z","data":{"task_id":33}}`
	letter := event.DeadLetter{Topic: "task-recurrence", Reason: "no such type", Document: document, Readable: true}
	require.NoError(t, json.Unmarshal([]byte(document), &letter.Envelope))
	garbage := event.DeadLetter{Topic: "task-recurrence", Reason: "not a CloudEvent", Document: "x"}
	for range 2 {
		require.NoError(t, b.notifier.KeepDeadLetter(b.ctx, letter))
		require.NoError(t, b.notifier.KeepDeadLetter(b.ctx, garbage))
	}
	kept, err := b.relay.DeadLetters(b.ctx)
	require.NoError(t, err)
	require.Len(t, kept, 2)
	require.Equal(t, id, *kept[0].EventID)

	_, err = b.relay.Redrive(b.ctx, kept[1].ID)
	require.ErrorContains(t, err, "cannot be sent again")
	sent, err := b.relay.Redrive(b.ctx, 0)
	require.NoError(t, err)
	require.Equal(t, 1, sent)
	require.EqualValues(t, 1, b.committed.Load(), "the relay is woken")
	var stored, topic string
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT event_id::text, topic FROM outbox WHERE task_id = 33 AND shard = 33 % 16`).Scan(&stored, &topic))
	require.Equal(t, id.String(), stored)
	require.Equal(t, event.TopicTaskRecurrence, topic)
	_, err = b.relay.Redrive(b.ctx, kept[0].ID)
	require.ErrorContains(t, err, "none that was not sent again")

	require.NoError(t, b.notifier.KeepDeadLetter(b.ctx, letter), "it may come back")
	kept, err = b.relay.DeadLetters(b.ctx)
	require.NoError(t, err)
	require.Len(t, kept, 2)
}

func TestDeadLetterCanHoldAnything(t *testing.T) {
	b := setup(t)
	for _, document := range []string{"\x00abc", "\xff\xfe", "", "{}"} {
		require.NoError(t, b.notifier.KeepDeadLetter(b.ctx, event.DeadLetter{Topic: "task-recurrence", Reason: "\x00", Document: document}))
	}
	kept, err := b.relay.DeadLetters(b.ctx)
	require.NoError(t, err)
	require.Len(t, kept, 4)
}

func TestHousekeepingRemovesOnlyWhatIsOldEnough(t *testing.T) {
	b := setup(t)
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO inbox (consumer, event_id, handled_at) VALUES
			('notifier', gen_random_uuid(), now() - interval '46 days'), ('notifier', gen_random_uuid(), now() - interval '44 days');
		INSERT INTO dead_letters (topic, reason, document, received_at) VALUES
			('task-recurrence', '', 'a', now() - interval '31 days'), ('task-recurrence', '', 'b', now() - interval '29 days');`)
	require.NoError(t, err)
	require.NoError(t, b.notifier.Prune(b.ctx))
	var inbox, letters int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM dead_letters)`).Scan(&inbox, &letters))
	require.Equal(t, 1, inbox)
	require.Equal(t, 1, letters)
}

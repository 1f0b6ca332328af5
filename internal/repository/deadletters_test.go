package repository_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// completion records that ann's task was completed, and returns the event's id and a
// message about it.
func (b *bundle) completion(t *testing.T, taskID int64) (id uuid.UUID, document string) {
	t.Helper()
	id = uuid.New()
	data := fmt.Sprintf(`{"event_id":%q,"event_type":"task.completed","user_id":%d,"task_id":%d}`, id, b.ann.UserID, taskID)
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, after, event_id, event_type, version, source)
		VALUES ($1, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', $2, 'completed', '{"completed_at":"2026-03-01T09:00:00Z"}', $3, 'task.completed', 2, 'tickler/api')`,
		b.ann.UserID, taskID, id)
	require.NoError(t, err)
	return id, `{"id":"` + id.String() + `","type":"task.completed","source":"a mistake","time":"2020-03-01T00:00:00Z","data":` + data + `}`
}

func (b *bundle) keepLetter(t *testing.T, document string) repository.DeadLetter {
	t.Helper()
	letter := event.DeadLetter{Topic: event.TopicTaskRecurrence, Reason: "no such type", Document: document, Readable: true}
	require.NoError(t, json.Unmarshal([]byte(document), &letter.Envelope))
	require.NoError(t, b.notifier.KeepDeadLetter(b.ctx, letter))
	kept, err := b.relay.DeadLetters(b.ctx)
	require.NoError(t, err)
	return kept[len(kept)-1]
}

// Sending a dead letter again must not legitimise a forged message.
func TestDeadLetterIsSentAgainAsItWasRecordedAndNotOtherwise(t *testing.T) {
	b := setup(t)
	id, document := b.completion(t, 33)
	forged := b.keepLetter(t, strings.Replace(document, id.String(), uuid.NewString(), 1))
	_, err := b.relay.Redrive(b.ctx, forged.ID)
	require.ErrorIs(t, err, event.ErrNotRecorded)
	require.ErrorContains(t, err, "older than 90 days")
	others := b.keepLetter(t, strings.Replace(document, `"task_id":33`, `"task_id":34`, 1))
	_, err = b.relay.Redrive(b.ctx, others.ID)
	require.ErrorIs(t, err, event.ErrNotRecorded)
	_, err = b.pool.Exec(b.ctx, `UPDATE dead_letters SET redriven_at = now()`)
	require.NoError(t, err)

	embellished := b.keepLetter(t, strings.Replace(document, `"task_id":33`, `"task_id":33,"title":"Pay here"`, 1))
	_, err = b.relay.Redrive(b.ctx, embellished.ID)
	require.NoError(t, err)
	sent := b.outbox(t)
	require.Len(t, sent, 1)
	require.Equal(t, id.String(), sent[0].Data["event_id"])
	require.NotContains(t, sent[0].Data, "title")
}

// The broker may be unavailable for longer than the journal is kept. Events that
// arrive afterwards must still be known.
func TestEventIsKnownForAsLongAsItWaitsToBePublished(t *testing.T) {
	b := setup(t)
	waiting := b.add(t, b.ann, task.Fields{Title: input.Some("Water the plants")})
	_, err := b.pool.Exec(b.ctx, `UPDATE journal SET at = now() - interval '91 days'`)
	require.NoError(t, err)
	known := func() (n int) {
		require.NoError(t, b.notifier.Prune(b.ctx))
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM journal WHERE object_id = $1`, waiting.ID).Scan(&n))
		return n
	}
	require.Equal(t, 1, known())
	_, err = b.pool.Exec(b.ctx, `DELETE FROM outbox`)
	require.NoError(t, err)
	require.Zero(t, known(), "published, and old enough")
}

func TestDeadLetterIsKeptOnceAndCanBeSentAgain(t *testing.T) {
	b := setup(t)
	id, document := b.completion(t, 33)
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
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT j.event_id::text, o.topic FROM outbox o JOIN journal j USING (id) WHERE o.task_id = 33 AND o.shard = 33 % 16`).Scan(&stored, &topic))
	require.Equal(t, id.String(), stored)
	require.Equal(t, event.TopicTaskRecurrence, topic)
	_, err = b.relay.Redrive(b.ctx, kept[0].ID)
	require.ErrorContains(t, err, "api deadletters list")

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

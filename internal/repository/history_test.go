package repository_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func TestAuditSaysWhoDidWhatThroughWhichToken(t *testing.T) {
	b := setup(t)
	by := journal.Actor{Kind: journal.Agent, Name: "token tkl_ABCD'; DROP TABLE tasks --", TokenID: 7, Client: "claude", Transport: journal.MCP}
	through := journal.With(b.ctx, journal.NewCall(by))
	added, err := b.service.Add(through, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("Water the plants"), Tags: input.Some([]string{"home"})}})
	require.NoError(t, err)
	_, err = b.service.Complete(through, b.ann, task.CompleteInput{TaskID: added.Task.ID})
	require.NoError(t, err)
	_, err = b.labels.CreateCategory(through, b.ann, label.CreateCategoryInput{Name: "Garden"})
	require.NoError(t, err)
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's own")})
	_, stored := access.NewToken()
	stored.Scopes = access.Standard
	stored.ID, err = b.store.AddToken(b.ctx, b.ann.UserID, stored)
	require.NoError(t, err)
	n, err := b.store.RevokeToken(b.ctx, b.ann.UserID, stored.ID)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = b.store.RevokeToken(b.ctx, b.bob.UserID, stored.ID)
	require.NoError(t, err)
	require.Zero(t, n, "a token of another")

	entries, err := b.store.History(b.ctx, b.ann.UserID, journal.Filter{Limit: 100})
	require.NoError(t, err)
	actions := map[string]journal.Entry{}
	for _, e := range entries {
		require.Equal(t, b.ann.UserID, e.UserID)
		actions[string(e.Object)+"."+string(e.Action)] = e
	}
	for _, action := range []string{"task.created", "task.completed", "category.created", "tag.created"} {
		e := actions[action]
		require.Equal(t, by, e.By, action)
		require.NotZero(t, e.ObjectID)
	}
	require.Equal(t, added.Task.ID, actions["task.completed"].ObjectID)
	require.NotNil(t, actions["task.completed"].EventID)
	require.Equal(t, stored.ID, actions["token.created"].ObjectID)
	require.Equal(t, stored.ID, actions["token.revoked"].ObjectID)

	page, err := b.store.History(b.ctx, b.ann.UserID, journal.Filter{Before: entries[0].ID, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, entries[1:2], page)
	all, err := b.store.HistoryOfAll(b.ctx, 0, 0, 100)
	require.NoError(t, err)
	require.Greater(t, len(all), len(entries), "bob's are there too")
	of, err := b.store.HistoryOfAll(b.ctx, b.ann.UserID, 0, 100)
	require.NoError(t, err)
	require.Len(t, of, len(entries))
	for i, e := range of {
		require.Equal(t, entries[i].ID, e.ID)
		require.Empty(t, e.Before, "an administrator sees no content")
		require.Empty(t, e.After)
	}
}

func TestTheJournalIsOnlyAddedToAndKeptForNinetyDays(t *testing.T) {
	b := setup(t)
	old := b.add(t, b.ann, task.Fields{Title: input.Some("Water the plants")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Pay the rent")})
	for _, sql := range []string{`DELETE FROM journal`, `UPDATE journal SET actor = 'somebody'`} {
		b.as(t, repository.RoleAPI, b.ann.UserID, func(tx pgx.Tx) {
			_, err := tx.Exec(b.ctx, sql)
			require.ErrorContains(t, err, "42501", sql)
		})
	}
	_, err := b.pool.Exec(b.ctx, `UPDATE journal SET at = now()`) // by the server's clock, not the test's
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `UPDATE journal SET at = now() - interval '91 days' WHERE object_id = $1 AND object = 'task'`, old.ID)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `DELETE FROM outbox`)
	require.NoError(t, err)
	require.NoError(t, b.notifier.Prune(b.ctx))
	entries, err := b.store.History(b.ctx, b.ann.UserID, journal.Filter{Object: journal.Task, Limit: 100})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NotEqual(t, old.ID, entries[0].ObjectID)
}

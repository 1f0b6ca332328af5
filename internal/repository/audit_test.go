package repository_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func TestAuditSaysWhoDidWhatThroughWhichToken(t *testing.T) {
	b := setup(t)
	through := access.With(b.ctx, access.Caller{UserID: b.ann.UserID, TokenID: 7, Actor: "token tkl_ABCD'; DROP TABLE tasks --"})
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

	entries, err := b.store.Audit(b.ctx, b.ann.UserID, 0, 100)
	require.NoError(t, err)
	actions := map[string]repository.AuditEntry{}
	for _, e := range entries {
		require.Equal(t, b.ann.UserID, e.UserID)
		actions[e.Action] = e
	}
	for _, action := range []string{"task.created", "task.completed", "category.created", "tag.created"} {
		e := actions[action]
		require.Equal(t, "token tkl_ABCD'; DROP TABLE tasks --", e.Actor, action)
		require.NotNil(t, e.TokenID, action)
		require.EqualValues(t, 7, *e.TokenID, action)
		require.NotZero(t, e.ObjectID)
	}
	require.Equal(t, added.Task.ID, actions["task.completed"].ObjectID)
	require.NotNil(t, actions["task.completed"].EventID)
	require.Equal(t, stored.ID, actions["token.created"].ObjectID)
	require.Equal(t, stored.ID, actions["token.revoked"].ObjectID)

	page, err := b.store.Audit(b.ctx, b.ann.UserID, entries[0].ID, 1)
	require.NoError(t, err)
	require.Equal(t, entries[1:2], page)
	all, err := b.store.AuditOfAll(b.ctx, 0, 0, 100)
	require.NoError(t, err)
	require.Greater(t, len(all), len(entries), "bob's are there too")
	of, err := b.store.AuditOfAll(b.ctx, b.ann.UserID, 0, 100)
	require.NoError(t, err)
	require.Equal(t, entries, of)
}

func TestAuditIsOnlyAddedToAndKeptForNinetyDays(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Water the plants")})
	for _, sql := range []string{`DELETE FROM audit`, `UPDATE audit SET actor = 'somebody'`, `INSERT INTO audit (user_id, actor, action, object_id) VALUES (1, 'x', 'x', 1)`} {
		b.as(t, repository.RoleAPI, b.ann.UserID, func(tx pgx.Tx) {
			_, err := tx.Exec(b.ctx, sql)
			require.ErrorContains(t, err, "42501", sql)
		})
	}
	_, err := b.pool.Exec(b.ctx, `UPDATE audit SET at = now() - interval '91 days' WHERE user_id = $1 AND action = 'user.created'`, b.ann.UserID)
	require.NoError(t, err)
	require.NoError(t, b.notifier.Prune(b.ctx))
	entries, err := b.store.Audit(b.ctx, b.ann.UserID, 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		require.NotEqual(t, "user.created", e.Action)
	}
	require.NotEmpty(t, entries)
}

package migrations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/pgtest"
)

// A policy that kept things longer than Go means to would keep them for ever,
// without a word; one that kept them shorter would let a stolen login remove them.
func TestPoliciesKeepThingsForAsLongAsGoSays(t *testing.T) {
	pool := pgtest.Open(t)
	for what, kept := range map[string]time.Duration{
		"tasks": event.KeptDeletedTasks, "deliveries": event.KeptDeliveries, "journal": event.KeptJournal,
		"oauth_attempts": event.KeptAttempts, "oauth_clients": event.KeptClients, "oauth_clients, connected": event.KeptConnectedClients,
	} {
		var seconds float64
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT extract(epoch FROM kept_for($1))::float8`, what).Scan(&seconds), what)
		require.Equal(t, kept.Seconds(), seconds, what)
	}
	require.Empty(t, found(t, pool, `
		SELECT policyname || ' on ' || tablename || ': ' || qual FROM pg_policies
		WHERE schemaname = 'public' AND qual ~ '\m(day|hour|week|month|year)s?\M'`), "these policies tell a time of their own, and not kept_for")
	require.Empty(t, found(t, pool, `
		SELECT policyname || ' on ' || tablename FROM pg_policies
		WHERE schemaname = 'public' AND qual LIKE '%kept_for%' AND position('kept_for(' || quote_literal(tablename) IN qual) = 0`), "these policies take the time of another table")
}

func TestHandledEventsAreRememberedLongerThanTheyCanComeAgain(t *testing.T) {
	for _, kept := range []time.Duration{event.KeptEvents, event.KeptReminders, event.KeptDeadLetters + event.KeptEvents} {
		require.Greater(t, event.KeptHandled, kept)
	}
	for _, topic := range event.Topics() {
		require.Greater(t, event.KeptHandled, topic.Retention, topic.Name)
	}
}

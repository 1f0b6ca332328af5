package journal_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/journal"
)

func TestEachActionOnATaskIsReportedByItsEvent(t *testing.T) {
	for action, want := range map[journal.Action]string{
		journal.Created: event.TaskCreated, journal.Updated: event.TaskUpdated, journal.Reopened: event.TaskUpdated,
		journal.Restored: event.TaskUpdated, journal.Skipped: event.TaskUpdated, journal.Completed: event.TaskCompleted,
		journal.Deleted: event.TaskDeleted, journal.Reminded: event.ReminderSent,
	} {
		require.Equal(t, want, journal.EventType(action), action)
	}
	require.Empty(t, journal.EventType("moved"), "an action that nobody thought of is not taken for an update")
}

func TestAChangeWithoutACallIsTheAppsOwn(t *testing.T) {
	call := journal.From(context.Background(), "recurrer")
	require.Equal(t, journal.Actor{Kind: journal.System, Name: "recurrer", Transport: journal.Bus}, call.By)
	require.NotEqual(t, call.ID, journal.From(context.Background(), "recurrer").ID)
	given := journal.NewCall(journal.Actor{Kind: journal.Agent, Name: "claude", TokenID: 7, Transport: journal.MCP})
	require.Equal(t, given, journal.From(journal.With(context.Background(), given), "api"))
}

package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/telemetry"
)

func TestLogObeysNothingAndIsBounded(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\u009b31m\u202egnp\u2028{\"level\":\"INFO\"}\u2066"
	huge := strings.Repeat("é", 450_000)
	var log bytes.Buffer
	l := telemetry.NewLogger(&log, "notifier", slog.LevelInfo)
	id := uuid.New()
	l.Info("🔔 REMINDER: Task '"+hostile+"'", "title", hostile, "error", errors.New(hostile), "panic", []string{hostile}, "id", id, "n", 7, hostile, "key")
	l.With("type", huge).Error(huge, "reason", errors.New(huge), "panic", []string{huge}, slog.Group("g", "s", huge))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2)
	require.False(t, strings.ContainsAny(log.String(), "\x1b\u009b\u202e\u2028\u2066"), "%q", lines[0])
	require.Contains(t, lines[0], "🔔 REMINDER")
	var first map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
	require.Equal(t, hostile, first["title"], "whoever reads the document gets what it was")
	require.Equal(t, id.String(), first["id"])
	require.EqualValues(t, 7, first["n"])
	require.Equal(t, "INFO", first["level"])
	require.Less(t, len(lines[1]), 20_000)
	require.Contains(t, lines[1], "900000 bytes")
}

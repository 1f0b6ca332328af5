package event_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// Clients can send anything as Last-Event-ID.
func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"", "0-0", "7412-93", "-1-1", "1--1", "9223372036854775807-9223372036854775807", "9223372036854775808-0", "1", "1-", "+1-+2", "١-٢", "1-2-3", " 1-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := event.ParsePosition(text)
		if err != nil {
			require.Zero(t, p)
			return
		}
		require.True(t, p.Transaction >= 0 && p.Row >= 0)
		again, err := event.ParsePosition(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

package person

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
)

// NewSecret returns a secret of 256 bits for a URL.
func NewSecret() string { return rand.Text() + rand.Text() }

// HashSecret is how a secret of NewSecret is stored and looked up. Such secrets are
// random, so they need neither salt nor stretching.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func (s *Service) changeFeed(ctx context.Context, tx Tx, wanted bool, result *SettingsResult) error {
	if !wanted {
		return tx.SetCalendarFeed(ctx, nil)
	}
	result.CalendarSecret = NewSecret()
	return tx.SetCalendarFeed(ctx, HashSecret(result.CalendarSecret))
}

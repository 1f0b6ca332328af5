package person

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
)

func (s *Service) changeFeed(ctx context.Context, tx Tx, wanted bool, result *SettingsResult) error {
	if !wanted {
		return tx.SetCalendarFeed(ctx, nil)
	}
	result.CalendarSecret = rand.Text() + rand.Text() // 256 bits
	return tx.SetCalendarFeed(ctx, HashFeedSecret(result.CalendarSecret))
}

// HashFeedSecret is how the secret of a calendar feed is stored. Secrets are
// random: no salt, no stretching.
func HashFeedSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

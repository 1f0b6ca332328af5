package person

import (
	"context"
	"strconv"
	"time"

	"tickler/internal/fault"
)

// askConfirmation sends the mail whose link confirms a channel.
func (s *Service) askConfirmation(ctx context.Context, tx Tx, channelID int64) error {
	if s.channels.PublicURL == "" {
		return &fault.Error{
			Code: fault.Conflict, Field: "add_channel", Message: "this server knows no public address of its own, so it can send no link that confirms an address of mail",
			Hint: "its operator must set TICKLER_PUBLIC_URL; meanwhile use ntfy",
		}
	}
	now := s.clock()
	if most := s.channels.Confirmations; most > 0 {
		asked, err := tx.CountConfirmations(ctx, now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if asked >= most {
			return &fault.Error{
				Code: fault.LimitExceeded, Field: "add_channel", Message: "at most " + strconv.Itoa(most) + " confirmation mails are sent for a user within 24 hours",
				Hint: "open the link in one that came, or try again tomorrow",
			}
		}
	}
	return tx.QueueConfirmation(ctx, channelID, s.channels.PublicURL, now)
}

// Confirmation returns the mail address that the secret of a link confirms, and
// changes nothing. An unknown or expired secret is NOT_FOUND.
func (s *Service) Confirmation(ctx context.Context, secret string) (address string, err error) {
	return s.store.FindConfirmation(ctx, HashSecret(secret))
}

// Confirm switches on the channel that the secret confirms, and returns its
// address. It is idempotent.
func (s *Service) Confirm(ctx context.Context, secret string) (address string, err error) {
	return s.store.ConfirmChannel(ctx, HashSecret(secret))
}

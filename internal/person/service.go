package person

import (
	"context"
	"time"
)

// Service implements what a caller can do with their own settings. Errors that the
// caller can act on are *fault.Error.
type Service struct {
	store    Store
	now      func() time.Time
	channels ChannelRules
}

// NewService makes a service on store; now is the clock. rules are the operator's:
// without a key to seal with, no secret of a channel can be kept.
func NewService(store Store, now func() time.Time, rules ChannelRules) *Service {
	return &Service{store: store, now: now, channels: rules}
}

// clock is the current instant as it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Store stores settings. For a user who does not exist it returns fault.ErrNotFound.
type Store interface {
	// ChangeSettings runs fn in one transaction: its changes commit together or, if
	// fn fails, not at all. fn is called again if the transaction and others waited for
	// each other; then it must begin anew.
	ChangeSettings(ctx context.Context, userID int64, fn func(Tx) error) error
	// DeliverySettings reads how reminders reach the user, with the given number of
	// latest deliveries.
	DeliverySettings(ctx context.Context, userID int64, deliveries int) (DeliverySettings, error)
	// FindConfirmation returns the address of the channel that a secret with this
	// hash confirms, or fault.ErrNotFound if it is unknown or expired.
	FindConfirmation(ctx context.Context, hash []byte) (address string, err error)
	// ConfirmChannel confirms that channel and switches it on, unless it is
	// confirmed already.
	ConfirmChannel(ctx context.Context, hash []byte) (address string, err error)
}

// Tx is a transaction on one user's settings.
type Tx interface {
	// SaveSettings stores the changed settings of the user, and adapts the open
	// tasks to them: see task.Task.Settle. Deliveries held back by quiet hours are
	// rescheduled.
	SaveSettings(ctx context.Context, c SettingsChange, now time.Time) (SettingsEffect, error)
	// LockChannels reads the user's channels and keeps others from changing them.
	LockChannels(ctx context.Context) ([]Channel, error)
	// PutChannel stores a channel, switched on if it is confirmed. An existing
	// channel of the same kind and target keeps its id, whether it is confirmed,
	// and its secret unless a new one is given.
	PutChannel(ctx context.Context, c Channel) (id int64, err error)
	RemoveChannel(ctx context.Context, id int64) error
	// QueueTest sends a test message to a channel.
	QueueTest(ctx context.Context, channelID int64, now time.Time) error
	// CountConfirmations counts the confirmation mails asked for since a moment.
	CountConfirmations(ctx context.Context, since time.Time) (int, error)
	// QueueConfirmation queues a mail with a link that confirms a channel. It
	// replaces one that is still waiting.
	QueueConfirmation(ctx context.Context, channelID int64, server string, now time.Time) error
	// SetCalendarFeed replaces the hash of the feed's secret; nil revokes the feed.
	SetCalendarFeed(ctx context.Context, hash []byte) error
}

package event

import "time"

// Minimum retention. repository.Prune removes what is older, as does the broker.
// Row-level policies let nobody delete anything younger: kept_for in
// migrations/00101_roles.sql has the same periods, and a test compares the two.
const (
	KeptEvents       = 7 * day  // on their topics
	KeptReminders    = 1 * day  // on their topic; a late reminder is useless
	KeptDeletedTasks = 30 * day // can be restored until then
	KeptDeliveries   = 30 * day
	KeptDeadLetters  = 30 * day
	KeptJournal      = 90 * day // an entry whose event is unpublished is kept until it is published
	KeptAttempts     = 30 * day // to connect a client
	KeptClients      = 1 * day  // that registered and were not connected
	KeptCodes        = 1 * day  // after they expired, to notice that one is used again
	// KeptHandled is how long consumers remember the events they handled. It must
	// exceed the time after which an event can be redelivered, from its topic or as
	// a dead letter.
	KeptHandled = 45 * day
)

const day = 24 * time.Hour

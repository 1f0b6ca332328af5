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
	// KeptConnectedClients is how long a client that was connected is kept from when a
	// connection of it was last used: a day longer than one lasts unused, since uses
	// are noted to the day.
	KeptConnectedClients = 91 * day
	KeptCodes            = 1 * day // after they expired, to notice that one is used again
	// KeptHandled is how long consumers remember the events they handled. It must
	// exceed the time after which an event can be redelivered, from its topic or as
	// a dead letter.
	KeptHandled = 45 * day
)

const day = 24 * time.Hour

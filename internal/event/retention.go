package event

import "time"

// How long things are kept, at least. They are removed by repository.Prune, and by
// the broker; row-level policies let nobody remove anything younger, as kept_for
// in migrations/00101_roles.sql says, which a test compares with this.
const (
	KeptEvents       = 7 * day  // on their topics
	KeptReminders    = 1 * day  // on their topic: late ones are of no use
	KeptDeletedTasks = 30 * day // they can be restored until then
	KeptDeliveries   = 30 * day
	KeptDeadLetters  = 30 * day
	KeptJournal      = 90 * day // and the entry of an event that waits for its topic until it is published
	// KeptHandled is how long consumers remember what they have handled. It must
	// outlive every way in which an event can come again: from its topic, or from a
	// dead letter.
	KeptHandled = 45 * day
)

const day = 24 * time.Hour

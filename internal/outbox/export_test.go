package outbox

import "time"

// For tests of the plans.
const (
	ReadOldestSQL      = readOldest
	DeletePublishedSQL = deletePublished
)

// SetBalanceInterval changes how often shards are shared anew without being told.
func (r *Relay) SetBalanceInterval(d time.Duration) { r.balanceInterval = d }

// SessionSettings are those of a relay's session.
var SessionSettings = sessionSettings

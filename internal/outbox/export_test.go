package outbox

// For tests of the plans.
const (
	ReadOldestSQL      = readOldest
	DeletePublishedSQL = deletePublished
)

// SessionSettings are those of a relay's session.
var SessionSettings = sessionSettings

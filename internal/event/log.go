package event

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Entry is an event in the log that clients follow.
type Entry struct {
	Position Position
	ID       uuid.UUID
	Type     string
	TaskID   int64
	Time     time.Time // UTC
	Data     json.RawMessage
}

// Position is a place in the log. Positions increase within one user's entries, and
// those of one task's entries follow the order of its changes.
type Position struct{ Transaction, Row int64 }

// Followed is a user whose entries are followed: everything before transaction Since
// is known already. Settled is a transaction below which no entry of the user can
// appear any more, 0 if none is known.
type Followed struct{ UserID, Since, Settled int64 }

// News is what there is for a followed user. Until is where the entries that can be
// read end, and the next Since.
type News struct {
	UserID    int64
	Until     int64
	Found     bool // there are entries from Since to Until
	Unsettled bool // there are entries that cannot be read yet
}

// EndOf is the position after all entries of a transaction.
func EndOf(transaction int64) Position { return Position{transaction, math.MaxInt64} }

// String formats a position as clients see it, for example 7412-93.
func (p Position) String() string { return fmt.Sprintf("%d-%d", p.Transaction, p.Row) }

// ParsePosition parses what String returned.
func ParsePosition(text string) (Position, error) {
	transaction, row, _ := strings.Cut(text, "-")
	var p Position
	var err error
	if p.Transaction, err = strconv.ParseInt(transaction, 10, 64); err == nil {
		p.Row, err = strconv.ParseInt(row, 10, 64)
	}
	if err != nil || p.Transaction < 0 || p.Row < 0 {
		return Position{}, fmt.Errorf("%q is not a position", text)
	}
	return p, nil
}

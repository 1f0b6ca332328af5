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
// those of one task's entries follow the order of its changes. Those of different
// incarnations, between which the database was restored, cannot be compared.
type Position struct{ Incarnation, Transaction, Row int64 }

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
func EndOf(incarnation, transaction int64) Position {
	return Position{incarnation, transaction, math.MaxInt64}
}

// String formats a position as clients see it, for example 7412-93; behind a number of
// its own from the second incarnation of the database on.
func (p Position) String() string {
	if p.Incarnation == 0 {
		return fmt.Sprintf("%d-%d", p.Transaction, p.Row)
	}
	return fmt.Sprintf("%d-%d-%d", p.Incarnation, p.Transaction, p.Row)
}

// ParsePosition parses what String returned.
func ParsePosition(text string) (Position, error) {
	var p Position
	targets := []*int64{&p.Incarnation, &p.Transaction, &p.Row}
	parts := strings.Split(text, "-")
	if len(parts) == 2 {
		targets = targets[1:]
	}
	valid := len(parts) == len(targets)
	for i := 0; valid && i < len(parts); i++ {
		n, err := strconv.ParseInt(parts[i], 10, 64)
		valid = err == nil && n >= 0
		*targets[i] = n
	}
	if !valid {
		return Position{}, fmt.Errorf("%q is not a position", text)
	}
	return p, nil
}

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

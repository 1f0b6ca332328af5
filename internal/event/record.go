package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Reference identifies an event by what a message claims about it.
type Reference struct {
	UserID, TaskID int64
	ID             uuid.UUID
}

// Reference returns what an envelope claims to be.
func (e Envelope) Reference() (Reference, error) {
	var claimed Base
	if err := json.Unmarshal(e.Data, &claimed); err != nil {
		return Reference{}, errors.New("the data of the message is not that of an event")
	}
	id, err := uuid.Parse(e.ID)
	if err != nil {
		return Reference{}, errors.New("the id of the message is not that of an event")
	}
	return Reference{UserID: claimed.UserID, TaskID: claimed.TaskID, ID: id}, nil
}

// ErrNotRecorded means that Postgres has no record of the event: the message was
// forged, or the record has been pruned.
var ErrNotRecorded = fmt.Errorf("no such event is recorded: the message was forged, or the event is older than %d days", KeptJournal/day)

// Verify returns the event as Postgres recorded it, and takes nothing but the trace
// from the message. It fails if the message claims a different type or arrived on a
// topic its type does not go to. A nil change means that Postgres has no event with
// the user, task and id that the message claims.
func (c *Change) Verify(topic string, message Envelope) (Envelope, error) {
	if c == nil {
		if err := Validate(message.Type, message.Data); err != nil {
			return message, fmt.Errorf("%w; %w", err, ErrNotRecorded)
		}
		return message, ErrNotRecorded
	}
	var claimed Base
	if err := json.Unmarshal(message.Data, &claimed); err != nil || message.Type != c.Type || claimed.EventType != c.Type {
		return message, errors.New("the message claims another type than the event with its id has")
	}
	if !slices.Contains(TopicsOf(c.Type), topic) {
		return message, fmt.Errorf("events of type %s do not belong in the topic %s", c.Type, topic)
	}
	verified, err := c.Envelope()
	verified.TraceParent, verified.TraceID = message.TraceParent, message.TraceID
	return verified, err
}

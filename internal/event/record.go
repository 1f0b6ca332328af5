package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Record is an event as Postgres holds it: committed with the change it reports.
type Record struct {
	ID     uuid.UUID
	UserID int64
	TaskID int64
	Type   string
	Source string
	Time   time.Time // UTC
	Data   json.RawMessage
}

// RecordedFor is how long Postgres keeps the record of an event that was published.
const RecordedFor = 7 * day

// ErrNotRecorded tells that Postgres knows no such event: a message was forged,
// or its record is gone.
var ErrNotRecorded = fmt.Errorf("no such event is recorded: the message was forged, or the event is older than %d days", RecordedFor/day)

// Verify returns what is true of a message that came from topic: the recorded
// event, with nothing of the message but its trace. It returns an error for a
// message that claims another type, user or task, or another topic, than the
// event with its id has. A nil record is an event that Postgres does not have.
func (r *Record) Verify(topic string, message Envelope) (Envelope, error) {
	if r == nil {
		if err := Validate(message.Type, message.Data); err != nil {
			return message, fmt.Errorf("%w; %w", err, ErrNotRecorded)
		}
		return message, ErrNotRecorded
	}
	var claimed Base
	if err := json.Unmarshal(message.Data, &claimed); err != nil {
		return message, errors.New("the data of the message is not that of an event")
	}
	switch {
	case message.Type != r.Type || claimed.EventType != r.Type:
		return message, errors.New("the message claims another type than the event with its id has")
	case claimed.UserID != r.UserID:
		return message, errors.New("the message claims another user than the event with its id has")
	case claimed.TaskID != r.TaskID:
		return message, errors.New("the message claims another task than the event with its id has")
	case !slices.Contains(TopicsOf(r.Type), topic):
		return message, fmt.Errorf("events of type %s do not belong in the topic %s", r.Type, topic)
	}
	key := Key(r.TaskID)
	return Envelope{
		SpecVersion: message.SpecVersion, ID: r.ID.String(), Source: r.Source, Type: r.Type, Subject: key, Time: r.Time,
		DataContentType: message.DataContentType, DataSchema: SchemaURI(r.Type), PartitionKey: key,
		TraceParent: message.TraceParent, TraceID: message.TraceID, Data: r.Data,
	}, nil
}

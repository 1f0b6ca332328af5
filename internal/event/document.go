package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Change is a recorded change of a task, from which its event is made.
type Change struct {
	EventID     uuid.UUID
	Type        string
	At          time.Time
	UserID      int64
	TaskID      int64
	TaskVersion int
	Source      string
	TraceParent string
	// Fields is a JSON object of what the type adds to the base; for an update, the
	// changed fields. The base comes first; a deletion adds nothing.
	Fields json.RawMessage
}

// Data returns the data of the event that reports a change.
func (c Change) Data() (json.RawMessage, error) {
	base, err := json.Marshal(Base{
		EventID: c.EventID, EventType: c.Type, Timestamp: c.At.UTC(), UserID: c.UserID,
		SchemaVersion: SchemaVersion, TaskID: c.TaskID, TaskVersion: c.TaskVersion,
	})
	if err != nil {
		return nil, fmt.Errorf("data of %s %s: %w", c.Type, c.EventID, err)
	}
	fields := bytes.TrimSpace(c.Fields)
	if c.Type == TaskDeleted {
		return base, nil
	}
	if len(fields) < 2 || fields[0] != '{' {
		return nil, fmt.Errorf("data of %s %s: its fields are no JSON object", c.Type, c.EventID)
	}
	data := bytes.NewBuffer(make([]byte, 0, len(base)+len(fields)+len(`,"updated_fields":`)))
	data.Write(base[:len(base)-1])
	switch members := bytes.TrimSpace(fields[1 : len(fields)-1]); {
	case c.Type == TaskUpdated:
		data.WriteString(`,"updated_fields":`)
		data.Write(fields)
	case len(members) > 0:
		data.WriteByte(',')
		data.Write(members)
	}
	data.WriteByte('}')
	return data.Bytes(), nil
}

// Envelope returns the CloudEvents document that reports a change.
func (c Change) Envelope() (Envelope, error) {
	data, err := c.Data()
	if err != nil {
		return Envelope{}, err
	}
	key := Key(c.TaskID)
	return Envelope{
		SpecVersion: "1.0", ID: c.EventID.String(), Source: c.Source, Type: c.Type, Subject: key, Time: c.At.UTC(),
		DataContentType: "application/json", DataSchema: SchemaURI(c.Type), PartitionKey: key,
		TraceParent: c.TraceParent, TraceID: c.TraceParent, Data: data,
	}, nil
}

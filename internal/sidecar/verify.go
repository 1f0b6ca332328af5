package sidecar

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"tickler/internal/event"
)

// Store is the part of Postgres that a listener needs.
type Store interface {
	// RecordedEvents reads the events that are told of; those that do not exist are absent.
	RecordedEvents(ctx context.Context, told []event.Reference) (map[uuid.UUID]event.Change, error)
	// KeepDeadLetter stores a dead letter, once however often it is delivered.
	KeepDeadLetter(ctx context.Context, letter event.DeadLetter) error
}

// delivery is a message from the broker on its way to a handler.
type delivery struct {
	document []byte
	envelope event.Envelope // what Postgres has recorded, once err is nil
	err      error          // why it must not be handled now
}

// read reads messages of a topic and replaces each by the event that Postgres has
// recorded under its id. Whoever holds the broker's credentials can publish
// anything: nothing that a message says is acted upon, or remembered, before.
// Every delivery to every handler passes here.
func (l *Listener) read(ctx context.Context, topic string, documents ...[]byte) []delivery {
	deliveries := make([]delivery, len(documents))
	known := make([]uuid.UUID, len(documents))
	var told []event.Reference
	for i, document := range documents {
		d := &deliveries[i]
		d.document = document
		if err := json.Unmarshal(document, &d.envelope); err != nil {
			d.err = Permanent(fmt.Errorf("not a CloudEvent: %w", err))
			continue
		}
		if one, err := d.envelope.Reference(); err == nil {
			known[i] = one.ID
			told = append(told, one)
		}
	}
	var records map[uuid.UUID]event.Change
	if len(told) > 0 {
		var err error
		if records, err = l.store.RecordedEvents(ctx, told); err != nil {
			for i := range deliveries {
				if deliveries[i].err == nil {
					deliveries[i].err = err
				}
			}
			return deliveries
		}
	}
	for i := range deliveries {
		d := &deliveries[i]
		if d.err != nil {
			continue
		}
		var record *event.Change
		if r, ok := records[known[i]]; ok {
			record = &r
		}
		verified, err := record.Verify(topic, d.envelope)
		if err != nil {
			d.err = Permanent(err)
			continue
		}
		d.envelope = verified
		l.arrived(topic, verified)
	}
	return deliveries
}

package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"tickler/internal/event"
)

// Store is the part of Postgres that a listener needs.
type Store interface {
	// RecordedEvents reads the events that are told of; those that do not exist are absent.
	RecordedEvents(ctx context.Context, told []event.Reference) (map[uuid.UUID]event.Change, error)
	// KnownUsers returns those of the users who exist.
	KnownUsers(ctx context.Context, users []int64) (map[int64]bool, error)
	// KeepDeadLetter stores a dead letter, once however often it is delivered.
	KeepDeadLetter(ctx context.Context, letter event.DeadLetter) error
}

// delivery is a message from the broker on its way to a handler.
type delivery struct {
	document []byte
	envelope event.Envelope // what Postgres has recorded, once err is nil
	err      error          // why it must not be handled now
}

// errForgotten marks an event of a person who was deleted, or never existed here.
var errForgotten = errors.New("the person whom the event is about is not known here")

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
	forgotten, err := l.forgotten(ctx, told, records)
	for i := range deliveries {
		d := &deliveries[i]
		if d.err != nil {
			continue
		}
		var record *event.Change
		if r, ok := records[known[i]]; ok {
			record = &r
		}
		if record == nil && err != nil {
			d.err = err
			continue
		}
		if forgotten[known[i]] {
			d.err = errForgotten
			continue
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

// forgotten returns the events without a record whose person is unknown. When a person is
// deleted, their records go with them, while their last messages are still on the broker.
// Keeping those as dead letters would keep what had to be deleted.
func (l *Listener) forgotten(ctx context.Context, told []event.Reference, records map[uuid.UUID]event.Change) (map[uuid.UUID]bool, error) {
	missing := map[uuid.UUID]int64{}
	for _, one := range told {
		if _, recorded := records[one.ID]; !recorded && one.UserID > 0 {
			missing[one.ID] = one.UserID
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	known, err := l.store.KnownUsers(ctx, slices.Collect(maps.Values(missing)))
	if err != nil {
		return nil, err
	}
	forgotten := map[uuid.UUID]bool{}
	for id, userID := range missing {
		forgotten[id] = !known[userID]
	}
	return forgotten, nil
}

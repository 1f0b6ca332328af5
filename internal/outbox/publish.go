package outbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// result is what became of the rows of a round.
type result struct {
	published []row
	failed    error
}

// publishAll publishes rows, those of different topics at the same time.
func (r *Relay) publishAll(ctx context.Context, rows []row, p *pace) (all result) {
	ofTopics := p.batches(rows)
	results := make([]result, len(ofTopics))
	var publishing sync.WaitGroup
	for i, batches := range ofTopics {
		publishing.Go(func() { results[i] = r.publishTopic(ctx, batches, p) })
	}
	publishing.Wait()
	for _, done := range results {
		all.published = append(all.published, done.published...)
		if done.failed != nil {
			all.failed = done.failed
		}
	}
	return all
}

// publishTopic publishes batch after batch. A failure does not keep other tasks'
// events, but it does keep the later ones of the same tasks.
func (r *Relay) publishTopic(ctx context.Context, batches [][]row, p *pace) (done result) {
	blocked := map[int64]bool{}
	for _, batch := range batches {
		batch = slices.DeleteFunc(batch, func(row row) bool { return blocked[row.taskID] })
		if len(batch) == 0 {
			continue
		}
		err := r.publish(ctx, batch)
		p.note(batch, err)
		if err != nil {
			done.failed = err
			for _, row := range batch {
				blocked[row.taskID] = true
			}
			continue
		}
		acknowledged := time.Now()
		done.published = append(done.published, batch...)
		for _, row := range batch {
			telemetry.Published(row.envelope.Type, row.topic, row.envelope.TraceParent, row.envelope.Time, acknowledged)
		}
	}
	return done
}

// publish hands a batch, which is of one topic, to the broker.
func (r *Relay) publish(ctx context.Context, batch []row) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	envelopes := make([]event.Envelope, len(batch))
	for i, row := range batch {
		envelopes[i] = row.envelope
	}
	began := time.Now()
	err := r.publisher.Publish(ctx, batch[0].topic, envelopes)
	r.metrics.observe(time.Since(began), err)
	return err
}

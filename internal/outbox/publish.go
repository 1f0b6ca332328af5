package outbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// result is the outcome of publishing the rows of a round.
type result struct {
	published []row
	failed    error
}

// publishAll publishes rows, different topics concurrently.
func (r *Relay) publishAll(ctx context.Context, rows []row, p *pace) (all result) {
	ofTopics := p.plan(rows)
	results := make([]result, len(ofTopics))
	var publishing sync.WaitGroup
	for i, waves := range ofTopics {
		publishing.Go(func() { results[i] = r.publishTopic(ctx, waves, p) })
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

// publishTopic publishes one wave after the other. A failure holds back the later
// events of the same tasks, and no others.
func (r *Relay) publishTopic(ctx context.Context, waves []wave, p *pace) (done result) {
	blocked := map[int64]bool{}
	for _, wave := range waves {
		for i := range wave {
			wave[i] = slices.DeleteFunc(wave[i], func(row row) bool { return blocked[row.taskID] })
		}
		for i, err := range r.publishWave(ctx, wave) {
			bulk := wave[i]
			if len(bulk) == 0 {
				continue
			}
			p.note(bulk, err)
			if err != nil {
				done.failed = err
				for _, row := range bulk {
					blocked[row.taskID] = true
				}
				continue
			}
			done.published = append(done.published, bulk...)
		}
	}
	return done
}

// publishWave publishes the bulks of a wave, and returns the error of each.
func (r *Relay) publishWave(ctx context.Context, wave wave) []error {
	errs := make([]error, len(wave))
	var publishing errgroup.Group
	publishing.SetLimit(sideBySide)
	for i, bulk := range wave {
		if len(bulk) > 0 {
			publishing.Go(func() error {
				errs[i] = r.publish(ctx, bulk)
				return nil
			})
		}
	}
	_ = publishing.Wait()
	return errs
}

// publish sends a batch, all of one topic, to the broker.
func (r *Relay) publish(ctx context.Context, batch []row) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	envelopes, messages := make([]event.Envelope, len(batch)), make([]telemetry.Message, len(batch))
	for i, row := range batch {
		e := row.envelope
		envelopes[i], messages[i] = e, telemetry.Message{Type: e.Type, TraceParent: e.TraceParent, SetBy: row.setBy, Committed: e.Time}
	}
	ctx, end := telemetry.Publish(ctx, batch[0].topic, messages)
	began := time.Now()
	err := r.publisher.Publish(ctx, batch[0].topic, envelopes)
	end(err)
	r.metrics.observe(time.Since(began), err)
	return err
}

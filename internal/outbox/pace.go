package outbox

import (
	"maps"
	"slices"
	"time"
)

const (
	// fullPace is how many rows of each shard are read in a round: it bounds the
	// memory, and keeps a busy shard from holding up the others.
	fullPace = 64
	// maxSuspects: when so many events in a row fail, it is the broker.
	maxSuspects = 16
	// maxAttempts is how often the broker must refuse an event, and take others
	// meanwhile, before the event is parked.
	maxAttempts = 5
)

// pace decides how much is published at once, and whether a failure is the
// broker's or an event's. A bulk that fails is halved until single events are
// published: one that fails then is a suspect, and its task is set aside while
// others go on. Only a refusal that is followed by a success elsewhere counts
// against a suspect, so that a broker that is away convicts nobody.
type pace struct {
	perShard int
	backoff  time.Duration // 0: nothing is failing
	suspects map[int64]*suspect
	parked   []int64 // tasks that have a parked event
}

// suspect is an event that failed by itself, by its task.
type suspect struct {
	row       row
	err       error
	refused   bool // failed since it was last counted
	attempts  int
	notBefore time.Time
}

func newPace() *pace { return &pace{perShard: fullPace, suspects: map[int64]*suspect{}} }

func (p *pace) failing() bool { return p.backoff > 0 }

// steady tells whether all goes well, so that a round may be read ahead.
func (p *pace) steady() bool {
	return p.backoff == 0 && p.perShard == fullPace && len(p.suspects) == 0
}

// aside lists the tasks whose events are not to be read now.
func (p *pace) aside() []int64 {
	tasks := append([]int64{}, p.parked...)
	for id := range maps.Keys(p.suspects) {
		if p.isAside(id) {
			tasks = append(tasks, id)
		}
	}
	slices.Sort(tasks)
	return tasks
}

func (p *pace) isAside(taskID int64) bool {
	s := p.suspects[taskID]
	return s != nil && time.Now().Before(s.notBefore)
}

// batches splits rows by topic, in their order; at the slowest pace each row is
// by itself. Order matters only within a topic.
func (p *pace) batches(rows []row) [][]row {
	var all [][]row
	last := map[string]int{}
	for _, row := range rows {
		_, suspected := p.suspects[row.taskID]
		at, open := last[row.topic]
		if !open || p.perShard == 1 || suspected {
			at = len(all)
			all = append(all, nil)
			if p.perShard > 1 && !suspected {
				last[row.topic] = at
			}
		}
		all[at] = append(all[at], row)
	}
	return all
}

// note learns from the outcome of a batch.
func (p *pace) note(batch []row, err error) {
	if err == nil {
		for _, row := range batch {
			delete(p.suspects, row.taskID)
		}
		for _, s := range p.suspects { // the broker works: the refusals were meant
			if s.refused {
				s.refused = false
				s.attempts++
			}
		}
		return
	}
	if len(batch) > 1 {
		return
	}
	s := p.suspects[batch[0].taskID]
	if s == nil {
		s = &suspect{}
		p.suspects[batch[0].taskID] = s
	}
	s.row, s.err, s.refused = batch[0], err, true
	s.notBefore = time.Now().Add(min(firstBackoff<<s.attempts, longestBackoff))
}

// settle sets the pace of the next round.
func (p *pace) settle(failed error) {
	if failed == nil {
		p.perShard, p.backoff = min(p.perShard*2, fullPace), 0
		return
	}
	p.perShard = max(p.perShard/2, 1)
	p.backoff = min(max(p.backoff*2, firstBackoff), longestBackoff)
	if len(p.suspects) > maxSuspects {
		clear(p.suspects) // it is the broker, then
	}
}

// forget drops all suspects: their shards may be another relay's by now.
func (p *pace) forget() { clear(p.suspects) }

// convicted gives up the suspects that were refused too often.
func (p *pace) convicted() []*suspect {
	var all []*suspect
	for id, s := range p.suspects {
		if s.attempts >= maxAttempts {
			all = append(all, s)
			p.parked = append(p.parked, id)
			delete(p.suspects, id)
		}
	}
	return all
}

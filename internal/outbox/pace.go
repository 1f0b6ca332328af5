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
)

// Patience is how long a relay bears with an event that the broker refuses.
type Patience struct {
	// Attempts is how often the broker must refuse the event, and take others
	// meanwhile, before the event is parked.
	Attempts int
	// FirstPause is the time between the first attempts; it doubles up to LongestPause.
	FirstPause, LongestPause time.Duration
}

// defaultPatience is about a minute: longer than a partition takes to move to
// another broker.
var defaultPatience = Patience{Attempts: 8, FirstPause: 250 * time.Millisecond, LongestPause: 30 * time.Second}

// pace decides how much is published at once, and whether a failure is the
// broker's or an event's. A bulk that fails is halved until single events are
// published: one that fails then is a suspect, and its task is set aside while
// others go on. Only a refusal that is followed by a success elsewhere counts
// against a suspect, so that a broker that is away convicts nobody.
type pace struct {
	patience Patience
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

func newPace(patience Patience) *pace {
	return &pace{patience: patience, perShard: fullPace, suspects: map[int64]*suspect{}}
}

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

// batches splits rows by topic, so that no two events of a task are in the same
// batch: a bulk publish can fail for the first of them and succeed for the
// second, which would then arrive first. At the slowest pace, and of suspects,
// each row is by itself.
func (p *pace) batches(rows []row) [][]row {
	type place struct {
		topic string
		turn  int // how many events of the task come before, in this topic
	}
	type lane struct {
		topic  string
		taskID int64
	}
	var all [][]row
	open, turns := map[place]int{}, map[lane]int{}
	for _, r := range rows {
		l := lane{r.topic, r.taskID}
		here := place{r.topic, turns[l]}
		turns[l]++
		if _, suspected := p.suspects[r.taskID]; suspected || p.perShard == 1 {
			all = append(all, []row{r})
			continue
		}
		at, found := open[here]
		if !found {
			at = len(all)
			open[here] = at
			all = append(all, nil)
		}
		all[at] = append(all[at], r)
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
	s.notBefore = time.Now().Add(min(p.patience.FirstPause<<s.attempts, p.patience.LongestPause))
}

// settle sets the pace of the next round: slower after a failure, and with ever
// longer pauses while nothing arrives at all.
func (p *pace) settle(failed error, arrived int) {
	if failed == nil {
		p.perShard, p.backoff = min(p.perShard*2, fullPace), 0
		return
	}
	p.perShard = max(p.perShard/2, 1)
	if arrived > 0 {
		p.backoff = 0
	}
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
		if s.attempts >= p.patience.Attempts {
			all = append(all, s)
			p.parked = append(p.parked, id)
			delete(p.suspects, id)
		}
	}
	return all
}

package outbox

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tickler/internal/event"
)

const (
	// fewest and most rows of each shard and topic are read in a round: as many as
	// fit into readBytes if they are like those of the round before. This bounds
	// memory, and keeps a busy shard from holding up the others.
	fewest, most = 16, 128
	readBytes    = 8 << 20
	// fullSize is the most events in one bulk request, fullBytes the most bytes of
	// their data: the sidecar takes 4 MiB, with the envelopes around them.
	fullSize  = 512
	fullBytes = 2 << 20
	// sideBySide is how many requests to one topic run concurrently: the sidecar
	// reads one while it waits for the broker with the other.
	sideBySide = 2
	// maxRefusals is how many tasks refused in a row mean that the topic is
	// unavailable.
	maxRefusals = 5
	shortPause  = 10 * time.Millisecond // while the failure is being narrowed down
	firstPause  = 100 * time.Millisecond
	longPause   = 3 * time.Second
)

// Patience is how long a relay retries an event that the broker refuses.
type Patience struct {
	// Attempts is how often the broker must refuse the event, while it accepts
	// others of the same topic, before the event is parked.
	Attempts int
	// FirstPause is the pause after the first attempt; pauses double up to
	// LongestPause.
	FirstPause, LongestPause time.Duration
}

// defaultPatience lasts some minutes, which is longer than a partition takes to
// move to another broker.
var defaultPatience = Patience{Attempts: 12, FirstPause: 250 * time.Millisecond, LongestPause: 30 * time.Second}

// pace decides how much is published at a time, and whether a failure is due to the
// topic or to an event. A bulk that fails is halved until single events are
// published. An event that then fails by itself is quarantined: its task waits
// while others go on, and each refusal that is followed by a success on the same
// topic counts against the event. Several tasks refused in a row mean that the
// topic is unavailable: publishing backs off and probes, and no event's attempts
// are counted.
type pace struct {
	patience   Patience
	mu         sync.Mutex // topics are published at the same time
	topics     map[string]*lane
	quarantine map[int64]*quarantined // by task
	parked     []int64                // tasks that have a parked event
	perShard   int                    // rows to read of each shard and topic
}

// lane is the state of publishing to one topic.
type lane struct {
	size     int           // events in the next bulk
	failed   bool          // in this round, whose successes then do not make bulks larger
	refusals int           // tasks refused since the last success
	pause    time.Duration // after the last failure while it is unavailable
	rest     time.Time     // nothing is published before this instant
}

func (l *lane) healthy() bool     { return l.size == fullSize && l.refusals == 0 }
func (l *lane) unavailable() bool { return l.refusals >= maxRefusals }

// quarantined is an event that failed by itself.
type quarantined struct {
	row       row
	err       error
	refused   bool // since it was last counted
	attempts  int
	notBefore time.Time
}

func newPace(patience Patience) *pace {
	return &pace{patience: patience, topics: map[string]*lane{}, quarantine: map[int64]*quarantined{}, perShard: fewest}
}

// weigh decides how many rows are read next, by the size of those that were read.
func (p *pace) weigh(rows []row, shards int) {
	bytes := 0
	for _, r := range rows {
		bytes += len(r.envelope.Data)
	}
	fit := readBytes * len(rows) / max(bytes*shards, 1)
	p.perShard = min(max(fit, fewest), most)
}

func (p *pace) lane(topic string) *lane {
	l := p.topics[topic]
	if l == nil {
		l = &lane{size: fullSize}
		p.topics[topic] = l
	}
	return l
}

// steady reports whether everything is published without failures, so that the next
// round may be read ahead.
func (p *pace) steady() bool {
	for _, l := range p.topics {
		if !l.healthy() {
			return false
		}
	}
	return len(p.quarantine) == 0
}

// selection is what may be read now: some events of each shard on some topics,
// without some tasks.
type selection struct {
	topics   []string
	perShard int
	without  []int64
	resumes  time.Time // when the first of the other topics may be tried again, zero if there are none
}

func (p *pace) selection() selection {
	now, out := time.Now(), selection{perShard: p.perShard, without: append([]int64{}, p.parked...)}
	for id, s := range p.quarantine {
		if now.Before(s.notBefore) {
			out.without = append(out.without, id)
		}
	}
	for _, topic := range event.PublishedTopics() {
		rest := p.lane(topic).rest
		if !now.Before(rest) {
			out.topics = append(out.topics, topic)
		} else if out.resumes.IsZero() || rest.Before(out.resumes) {
			out.resumes = rest
		}
	}
	return out
}

// wave is a set of bulks that may be published in any order, since no two events in
// it are of the same task.
type wave [][]row

// plan splits rows by topic, and those of each into waves that are published one
// after the other: a bulk publish can fail for the first event of a task and
// succeed for the second, which would then arrive first. A topic that is not
// healthy gets one bulk, as large as its lane allows; quarantined events are
// published one by one.
func (p *pace) plan(rows []row) (ofTopics [][]wave) {
	for _, ofTopic := range byTopic(rows) {
		l := p.lane(ofTopic[0].topic)
		l.failed = false
		all := p.waves(ofTopic)
		var waves []wave
		if l.healthy() {
			for _, rows := range all {
				waves = append(waves, bulks(rows))
			}
		} else {
			first := all[0]
			if l.refusals > 0 {
				// Any task may be the one that the broker accepts. In the order of
				// the rows, a run of events that it refuses would be tried one
				// after the other, as if the topic were away.
				rand.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
			}
			waves = []wave{bulks(first[:min(l.size, len(first))])[:1]}
		}
		ofTopics = append(ofTopics, waves)
	}
	return ofTopics
}

// bulks splits a wave into what fits in one request each.
func bulks(wave []row) (all [][]row) {
	from, bytes := 0, 0
	for i, r := range wave {
		if i > from && (i-from == fullSize || bytes+len(r.envelope.Data) > fullBytes) {
			all = append(all, wave[from:i])
			from, bytes = i, 0
		}
		bytes += len(r.envelope.Data)
	}
	return append(all, wave[from:])
}

func byTopic(rows []row) [][]row {
	var all [][]row
	at := map[string]int{}
	for _, r := range rows {
		i, found := at[r.topic]
		if !found {
			i = len(all)
			at[r.topic] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], r)
	}
	return all
}

// waves returns the first events of all tasks, then the second ones, and so on. A
// task with a quarantined event contributes that event, as a wave of its own at the
// end.
func (p *pace) waves(rows []row) [][]row {
	var waves, single [][]row
	turns := map[int64]int{}
	for _, r := range rows {
		turn := turns[r.taskID]
		turns[r.taskID]++
		if p.quarantine[r.taskID] != nil {
			if turn == 0 {
				single = append(single, []row{r})
			}
			continue
		}
		if turn == len(waves) {
			waves = append(waves, nil)
		}
		waves[turn] = append(waves[turn], r)
	}
	return append(waves, single...)
}

// note updates the state with the outcome of a batch.
func (p *pace) note(batch []row, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lane(batch[0].topic)
	if err == nil {
		p.noteSuccess(l, batch)
		return
	}
	if known := p.quarantine[batch[0].taskID]; known != nil && known.row.id == batch[0].id {
		p.refuse(known, err)
		return
	}
	l.failed = true
	l.size = max(len(batch)/2, 1)
	l.rest = time.Now().Add(shortPause)
	if len(batch) > 1 {
		return
	}
	l.refusals++
	if l.unavailable() { // the topic failed, not the events
		l.pause = min(max(l.pause*2, firstPause), longPause)
		l.rest = time.Now().Add(l.pause)
		for id, s := range p.quarantine {
			if s.row.topic == batch[0].topic && s.attempts == 0 {
				delete(p.quarantine, id)
			}
		}
		return
	}
	s := &quarantined{row: batch[0]}
	p.quarantine[batch[0].taskID] = s
	p.refuse(s, err)
}

func (p *pace) refuse(s *quarantined, err error) {
	s.err, s.refused = err, true
	s.notBefore = time.Now().Add(min(p.patience.FirstPause<<min(s.attempts, 20), p.patience.LongestPause))
}

func (p *pace) noteSuccess(l *lane, batch []row) {
	if !l.failed {
		l.size = min(max(l.size, len(batch))*2, fullSize)
	}
	l.refusals, l.pause, l.rest = 0, 0, time.Time{}
	for _, row := range batch {
		if s := p.quarantine[row.taskID]; s != nil && s.row.id == row.id {
			delete(p.quarantine, row.taskID)
		}
	}
	for _, s := range p.quarantine { // the topic works, so the refusals count
		if s.refused && s.row.topic == batch[0].topic {
			s.refused = false
			s.attempts++
		}
	}
}

// exhausted removes and returns the quarantined events that were refused too often.
func (p *pace) exhausted() []*quarantined {
	var all []*quarantined
	for id, s := range p.quarantine {
		if s.attempts >= p.patience.Attempts {
			all = append(all, s)
			p.parked = append(p.parked, id)
			delete(p.quarantine, id)
		}
	}
	slices.SortFunc(all, func(a, b *quarantined) int { return int(a.row.id - b.row.id) })
	return all
}

// forget drops all quarantined events: their shards may belong to another relay by
// now.
func (p *pace) forget() { clear(p.quarantine) }

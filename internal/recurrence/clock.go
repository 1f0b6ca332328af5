package recurrence

import "sort"

// clock is the set of times within a day, hour or minute that a rule names: all
// combinations of its hours, minutes and seconds.
type clock struct{ hours, minutes, seconds []int }

func (c clock) size() int { return len(c.hours) * len(c.minutes) * len(c.seconds) }

// at returns the i-th time in seconds.
func (c clock) at(i int) int64 {
	s, i := i%len(c.seconds), i/len(c.seconds)
	m, h := i%len(c.minutes), i/len(c.minutes)
	return int64(c.hours[h]*secondsPerHour + c.minutes[m]*60 + c.seconds[s])
}

// rank returns how many of the times are before second.
func (c clock) rank(second int64) int {
	if second <= 0 {
		return 0
	}
	if second >= secondsPerDay {
		return c.size()
	}
	hour, minute, sec := int(second/secondsPerHour), int(second/60%60), int(second%60)
	h := sort.SearchInts(c.hours, hour)
	if h == len(c.hours) || c.hours[h] != hour {
		return h * len(c.minutes) * len(c.seconds)
	}
	m := sort.SearchInts(c.minutes, minute)
	if m == len(c.minutes) || c.minutes[m] != minute {
		return (h*len(c.minutes) + m) * len(c.seconds)
	}
	return (h*len(c.minutes)+m)*len(c.seconds) + sort.SearchInts(c.seconds, sec)
}

// period is what a rule yields in one period of its FREQ: the times of the clock in
// each block (a day, or the hour or minute of a finer FREQ), filtered by BYSETPOS.
type period struct {
	blocks []int64 // wall times of the beginnings of the blocks, ascending
	clock  clock
	picked []int // indexes, ascending; only if chosen
	chosen bool
}

func (p *period) size() int {
	if p.chosen {
		return len(p.picked)
	}
	return len(p.blocks) * p.clock.size()
}

func (p *period) at(i int) int64 {
	if p.chosen {
		i = p.picked[i]
	}
	n := p.clock.size()
	return p.blocks[i/n] + p.clock.at(i%n)
}

// rank returns how many occurrences of the period are before wall.
func (p *period) rank(wall int64) int {
	block := sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i] > wall }) - 1
	if block < 0 {
		return 0
	}
	i := block*p.clock.size() + p.clock.rank(wall-p.blocks[block])
	if p.chosen {
		return sort.SearchInts(p.picked, i)
	}
	return i
}

// after returns the first occurrence of the period after wall.
func (p *period) after(wall int64) (int64, bool) {
	if i := p.rank(wall + 1); i < p.size() {
		return p.at(i), true
	}
	return 0, false
}

func (p *period) contains(wall int64) bool {
	v, ok := p.after(wall - 1)
	return ok && v == wall
}

// choose applies BYSETPOS to the whole set of the period, including what lies before
// the start of the series.
func (p *period) choose(positions []int) {
	if len(positions) == 0 {
		return
	}
	n := len(p.blocks) * p.clock.size()
	p.chosen, p.picked = true, p.picked[:0]
	for _, pos := range positions {
		i := pos - 1
		if pos < 0 {
			i = n + pos
		}
		if i >= 0 && i < n {
			p.picked = append(p.picked, i)
		}
	}
	sort.Ints(p.picked)
	unique := p.picked[:0]
	for i, v := range p.picked {
		if i == 0 || v != p.picked[i-1] {
			unique = append(unique, v)
		}
	}
	p.picked = unique
}

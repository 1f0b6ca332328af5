package phrase

import (
	"slices"
	"time"
)

// reader reads phrases from tokens. Its methods take the place of a token and return
// the place behind what they read, the same place if they read nothing.
type reader struct {
	tokens   []token
	now      time.Time // in the person's zone
	dayFirst bool      // 5/6 is 5 June
	rolled   bool      // the last day without a year has passed in this year
}

// found is a phrase as far as it was read.
type found struct {
	day   time.Time // wall time; zero: none was named
	clock int       // seconds into the day, -1: none
	exact string

	freq  string // of RRULE, "" if nothing recurs
	every int    // its INTERVAL
	parts string // the BY parts, each with a semicolon before it
	bang  bool
	close bool  // the end of that day, or of today
	named bool  // day is the one on which it recurs each year
	hours []int // of several times of a day, all with the minutes of clock
	until time.Time
	run   func(time.Time) time.Time // the last day, from the first one
}

const noClock = -1

var (
	dayCodes = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	workWeek = "MO,TU,WE,TH,FR"
)

// at is the token at a place; one of no kind before the first and behind the last.
func (r *reader) at(i int) token {
	if i >= 0 && i < len(r.tokens) {
		return r.tokens[i]
	}
	return token{}
}

// skip passes over tokens of some kinds.
func (r *reader) skip(i int, kinds ...kind) int {
	for slices.Contains(kinds, r.at(i).kind) && i < len(r.tokens) {
		i++
	}
	return i
}

// phrase reads as much as belongs together.
func (r *reader) phrase(i int) (found, int) {
	f := found{clock: noClock, every: 1}
	for begin := i; ; {
		from := i
		if f.freq == "" {
			i = r.recurrence(&f, i)
		}
		if r.at(i).kind == starting && f.day.IsZero() {
			if next := r.day(&f, i+1); next > i+1 {
				i = next
			} else if f.clock == noClock {
				if next := r.clock(&f, i+1); next > i+1 {
					i = next
				}
			}
		}
		if !f.close && f.exact == "" {
			if j := r.skip(i, on); r.at(j).kind == close {
				f.close, i = true, j+1
			}
		}
		if r.at(i).kind == starting && f.freq == "" && f.clock == noClock && !f.day.IsZero() {
			if next := r.clock(&f, i+1); next > i+1 { // tomorrow from 14:00
				i = next
			}
		}
		if t := r.at(i); t.kind == until && f.freq == "" && f.day.IsZero() && f.clock == noClock && slices.Contains(by, t.word) {
			if r.day(&found{}, i+1) > i+1 || r.clock(&found{clock: noClock}, i+1) > i+1 {
				i++
			}
		}
		if r.at(i).kind == until && f.freq != "" && f.until.IsZero() {
			end := found{clock: noClock}
			if next := r.day(&end, i+1); next > i+1 {
				f.until, i = end.day, next
			}
		}
		if f.freq != "" && f.run == nil {
			i = r.during(&f, i)
		}
		if f.clock == noClock {
			if next := r.clock(&f, i); next > i {
				i = r.moreHours(&f, next)
			}
		}
		if f.day.IsZero() && f.exact == "" {
			i = r.day(&f, i)
		}
		if i == from {
			if i > begin {
				return f, i
			}
			return f, begin
		}
	}
}

// by are the words for the end of a recurrence that introduce a due date too.
var by = []string{"bis", "bis zum", "ate", "ate o dia"}

// during reads for how long something recurs.
func (r *reader) during(f *found, i int) int {
	if r.at(i).kind != during || r.at(i+1).kind != number || r.at(i+2).kind != unit || r.at(i+2).n < days {
		return i
	}
	n, of := r.at(i+1).n, r.at(i+2).n
	f.run = func(first time.Time) time.Time { return later(first, of, n).AddDate(0, 0, -1) }
	return i + 3
}

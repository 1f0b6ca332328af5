package recurrence

import (
	"math"
	"time"
)

// maxOffset is larger than any zone's offset from UTC.
const maxOffset = 26 * secondsPerHour

// Resolve returns the instant at which a clock in zone first shows a wall time. A
// wall time that the zone skips is read with the offset before the gap, which moves
// it forward by the gap; of one that occurs twice, the first counts (RFC 5545,
// 3.3.5). Only the date and clock of wall count, not its location.
func Resolve(wall time.Time, zone *time.Location) time.Time {
	z := newZone(zone)
	at := z.resolve(wallOf(wall))
	return time.Unix(at.instant, int64(wall.Nanosecond())).In(z.location)
}

// Wall is what a clock in zone shows at an instant, to the second, in time.UTC.
// Resolve leads back, but for the second of two instants with the same wall time.
func Wall(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	y, mo, d := at.Date()
	h, mi, s := at.Clock()
	return time.Date(y, mo, d, h, mi, s, 0, time.UTC)
}

// NextChange returns the first instant after another at which its location may change
// its offset from UTC, in that location. At some of them it does not. The zero time means
// that the offset stays for ever.
func NextChange(at time.Time) time.Time {
	end := newZone(at.Location()).at(at.Unix()).end
	if end == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(end, 0).In(at.Location())
}

// zone answers queries about one time zone. It caches its last lookup, so it is not
// safe for concurrent use.
type zone struct {
	location *time.Location
	utc      bool
	last     span
	known    bool
}

// span is a stretch of time with one offset.
type span struct {
	start, end     int64 // instants; end is exclusive
	offset, before int64 // before: the offset until start
}

// gap is how far the clock jumps forward at the start of the span.
func (s span) gap() int64 { return max(s.offset-s.before, 0) }

// gapEnd is the first wall time after the jump at the start of the span.
func (s span) gapEnd() int64 { return s.start + s.offset }

func newZone(location *time.Location) *zone {
	if location == nil {
		location = time.UTC
	}
	return &zone{location: location, utc: location == time.UTC}
}

// at returns the span an instant lies in.
func (z *zone) at(instant int64) span {
	if z.utc {
		return span{start: math.MinInt64, end: math.MaxInt64}
	}
	if z.known && instant >= z.last.start && instant < z.last.end {
		return z.last
	}
	t := time.Unix(instant, 0).In(z.location)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	s := span{start: math.MinInt64, end: math.MaxInt64, offset: int64(offset), before: int64(offset)}
	if !start.IsZero() {
		s.start = start.Unix()
		if z.known && z.last.end == s.start {
			s.before = z.last.offset
		} else {
			_, before := time.Unix(s.start-1, 0).In(z.location).Zone()
			s.before = int64(before)
		}
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	if s.end <= instant {
		// Past the table of a zone, ZoneBounds takes every year for 365 days and
		// ends a span before the last day of a leap year, on that day too.
		s.end = (floorDiv(instant, secondsPerDay) + 1) * secondsPerDay
	}
	z.last, z.known = s, true
	return s
}

// resolved is the instant of a wall time and, if the zone skips that wall time, the
// instant of the jump and the first wall time after it.
type resolved struct {
	instant int64
	skipped bool
	jump    int64
	gapEnd  int64
}

func (z *zone) resolve(wall int64) resolved {
	if z.utc {
		return resolved{instant: wall}
	}
	// Far enough from the start of a span, no other span shows the wall time.
	if z.known && z.last.start < wall-3*maxOffset && wall-z.last.offset < z.last.end {
		return resolved{instant: wall - z.last.offset}
	}
	s := z.at(wall - maxOffset)
	for {
		instant := wall - s.offset
		if instant < s.start {
			return resolved{instant: wall - s.before, skipped: true, jump: s.start, gapEnd: s.gapEnd()}
		}
		if instant < s.end {
			return resolved{instant: instant}
		}
		s = z.at(s.end)
	}
}

// shown returns the last wall time that a clock has shown by an instant. While an
// hour is shown a second time, that is the end of the hour: its wall times have had
// their instant.
func (s span) shown(instant int64) int64 {
	if back := s.before - s.offset; back > 0 && instant-s.start < back {
		return s.start + s.before - 1
	}
	return instant + s.offset
}

// shadowed tells whether, at an instant, shifted wall times of the gap at the start
// of the span are still to come.
func (s span) shadowed(instant int64) bool {
	return s.gap() > 0 && instant-s.start < s.gap()
}

package person

import (
	"regexp"
	"strconv"
	"time"

	"tickler/internal/fault"
	"tickler/internal/recurrence"
)

// QuietHours are when a person must not be disturbed: from one wall time to another
// in their zone, past midnight if the end is not after the start.
type QuietHours struct {
	Start, End   int  // minutes of the day
	ExceptUrgent bool // urgent tasks disturb
}

var quietForm = regexp.MustCompile(`^\s*([01]?\d|2[0-3]):([0-5]\d)\s*(?:-|–|to)\s*([01]?\d|2[0-3]):([0-5]\d)(\s+except\s+urgent)?\s*$`)

// ParseQuietHours reads "22:00-07:00", or "22:00-07:00 except urgent".
func ParseQuietHours(field, text string) (*QuietHours, error) {
	part := quietForm.FindStringSubmatch(text)
	if part == nil {
		return nil, fault.Invalid(field, `%q is not a time of day to another; allowed are for example "22:00-07:00" and "22:00-07:00 except urgent"`, fault.Clip(text))
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	q := &QuietHours{
		Start: number(part[1])*60 + number(part[2]), End: number(part[3])*60 + number(part[4]),
		ExceptUrgent: part[5] != "",
	}
	if q.Start == q.End {
		return nil, fault.Invalid(field, "begin and end at the same time; to be reminded never, set reminder_offsets to []")
	}
	return q, nil
}

// String is the text that ParseQuietHours reads; nil is "".
func (q *QuietHours) String() string {
	if q == nil {
		return ""
	}
	text := clock(q.Start) + "-" + clock(q.End)
	if q.ExceptUrgent {
		text += " except urgent"
	}
	return text
}

func clock(minutes int) string {
	return time.Date(0, 1, 1, 0, minutes, 0, 0, time.UTC).Format("15:04")
}

// HeldUntil is when a person may be reminded of a task: at, or the end of the quiet
// hours that contain it in zone. A start or end that is skipped by a clock change
// moves forward by the gap. An hour that occurs twice is quiet both times. Nil
// hours hold nothing.
func (q *QuietHours) HeldUntil(at time.Time, urgent bool, zone *time.Location) time.Time {
	if q == nil || (q.ExceptUrgent && urgent) {
		return at
	}
	y, m, d := at.In(zone).Date()
	for day := d - 1; day <= d; day++ { // last night's may not have ended
		wall := func(day, minutes int) time.Time {
			return recurrence.Resolve(time.Date(y, m, day, 0, minutes, 0, 0, time.UTC), zone)
		}
		end := day
		if q.End <= q.Start {
			end++
		}
		if from, to := wall(day, q.Start), wall(end, q.End); !at.Before(from) && at.Before(to) {
			return to.UTC()
		}
	}
	return q.heldByClock(at, zone)
}

// heldByClock checks an hour that occurs a second time: quiet hours that ended in
// the first cover it too.
func (q *QuietHours) heldByClock(at time.Time, zone *time.Location) time.Time {
	if !recurrence.Resolve(at.In(zone), zone).Before(at) {
		return at
	}
	h, m, s := at.In(zone).Clock()
	shown := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(at.Nanosecond())
	start, end := time.Duration(q.Start)*time.Minute, time.Duration(q.End)*time.Minute
	quiet := shown >= start && shown < end
	if end <= start {
		quiet = shown >= start || shown < end
	}
	if !quiet {
		return at
	}
	if end <= shown {
		end += 24 * time.Hour
	}
	return at.Add(end - shown).UTC()
}

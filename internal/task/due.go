package task

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Due is a due date as it was meant.
type Due struct {
	Time   time.Time // the instant; for a whole day its last second
	AllDay bool
	// Wall is the wall time that was meant, held in UTC. It differs from the clock
	// at Time where the zone skips it.
	Wall time.Time
	// Offset is the offset from UTC in the text; nil for a wall time in a zone.
	Offset *int
}

// endOfDayClock is the time of day at which a day ends.
var endOfDayClock = time.Date(0, 1, 1, 23, 59, 59, 0, time.UTC)

const (
	dueExamples = `examples: "2026-03-01" (that day), "2026-03-01T17:30" (your time zone), "2026-03-01T17:30:00+01:00"`
)

var (
	localForms = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
	hasOffset  = regexp.MustCompile(`(?:[Zz]|[+-]\d\d:?\d\d)$`)
	dateForm   = regexp.MustCompile(`^\d{4,}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?$`)
	fraction   = regexp.MustCompile(`(:\d\d)\.\d{1,9}`)
)

// ParseDue parses a date or date-time. A bare date means that day, and is due at its
// end. A date-time without offset is wall time in zone: one that does not exist
// moves forward by the gap, one that exists twice is the first. With an offset it is
// that instant. field names the input in errors. Years 1970 to 9999.
func ParseDue(field, text string, zone *time.Location) (Due, error) {
	wrong := func(why string) error {
		return fault.Invalid(field, "%s; allowed is a date or a date-time in ISO 8601, %s", why, dueExamples)
	}
	s := strings.TrimSpace(text)
	if s == "" {
		return Due{}, wrong("is empty")
	}
	if len(s) > 40 {
		return Due{}, wrong("is too long for a date")
	}
	var due Due
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		due = Due{Time: endOfDay(day, zone), AllDay: true, Wall: clockOn(day, endOfDayClock)}
	} else if len(s) > len("2006-01-02") && hasOffset.MatchString(s[len("2006-01-02"):]) {
		at, err := parseInstant(s)
		if err != nil {
			return Due{}, wrong(fmt.Sprintf("%q is not a date-time that exists", s))
		}
		_, offset := at.Zone()
		due = Due{Time: at, Wall: recurrence.Wall(at, zone), Offset: &offset}
	} else {
		wall, err := parseWall(s)
		if err != nil {
			why := "%q cannot be read as a date"
			if dateForm.MatchString(s) {
				why = "%q is not a date that exists in the years 1970 to 9999"
			}
			return Due{}, wrong(fmt.Sprintf(why, s))
		}
		due = Due{Time: recurrence.Resolve(wall, zone), Wall: wall}
	}
	due.Time = due.Time.UTC().Truncate(time.Microsecond)
	if year := due.Time.Year(); year < 1970 || year > 9999 {
		return Due{}, wrong("is outside the years 1970 to 9999")
	}
	return due, nil
}

// readDue is ParseDue for callers' input. Its errors state the current time, so that
// a caller who wrote "tomorrow" can work out the date.
func readDue(field, text string, user person.Settings, now time.Time) (Due, error) {
	return readDueIn(field, text, user.Zone(), user, now)
}

// readDueIn is readDue in a zone other than the user's.
func readDueIn(field, text string, zone *time.Location, user person.Settings, now time.Time) (Due, error) {
	due, err := ParseDue(field, text, zone)
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		e.Hint = "it is now " + now.In(user.Zone()).Format("Monday, 2006-01-02T15:04:05-07:00") + " in " + user.TimeZone
	}
	return due, err
}

func parseInstant(s string) (time.Time, error) {
	s = strings.Replace(strings.ToUpper(s), " ", "T", 1)
	var err error
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700"} {
		var t time.Time
		if t, err = time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}

func parseWall(s string) (time.Time, error) {
	s = fraction.ReplaceAllString(s, "$1")
	var err error
	for _, form := range localForms {
		var t time.Time
		if t, err = time.Parse(form, strings.Replace(s, "t", "T", 1)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}

// endOfDay is the last second, in zone, of wall's day. Where the zone skips that
// second, it moves forward like any other wall time.
func endOfDay(wall time.Time, zone *time.Location) time.Time {
	return recurrence.Resolve(clockOn(wall, endOfDayClock), zone)
}

// startOfDay is the first instant, in zone, of wall's day.
func startOfDay(wall time.Time, zone *time.Location) time.Time {
	y, m, d := wall.Date()
	return recurrence.Resolve(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), zone).UTC()
}

// wall is the wall time that was meant with the due date: it differs from what the
// clock shows where the zone skips it.
func (t *Task) wall() time.Time {
	var meant []time.Time
	if t.Recurrence != nil {
		meant = append(meant, t.Recurrence.Date)
	}
	if t.DueWall != nil {
		meant = append(meant, *t.DueWall)
	}
	for _, wall := range meant {
		if !wall.IsZero() && recurrence.Resolve(wall, t.Zone()).Equal(*t.DueDate) {
			return wall
		}
	}
	return recurrence.Wall(*t.DueDate, t.Zone())
}

// keepWall remembers what was meant with the due date, where its zone skips that.
func (t *Task) keepWall(meant time.Time) {
	t.DueWall = nil
	if !t.AllDay && !recurrence.Wall(*t.DueDate, t.Zone()).Equal(meant) {
		t.DueWall = &meant
	}
}

// DueText formats the due date for callers: a day as a date, a moment in zone with
// its offset, none as "".
func (t *Task) DueText(zone *time.Location) string {
	if t.DueDate == nil {
		return ""
	}
	return t.DateText(*t.DueDate, zone)
}

// DateText formats a date of the task's series in the same way.
func (t *Task) DateText(at time.Time, zone *time.Location) string {
	if t.AllDay || t.DueDate == nil && t.Recurrence != nil && t.wholeDays() {
		return at.In(t.Zone()).Format(time.DateOnly)
	}
	return FormatTime(&at, zone)
}

// Day is the day a whole-day task is due on, "" for other tasks.
func (t *Task) Day() string {
	if !t.AllDay || t.DueDate == nil {
		return ""
	}
	return t.DateText(*t.DueDate, nil)
}

// FormatDue formats the due date for a user; none is "".
func (t *Task) FormatDue(user person.Settings) string { return t.DueText(user.Zone()) }

// FormatTime formats an instant as RFC 3339 in zone, to the second; nil is "".
func FormatTime(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}

// float keeps a whole-day task on its day wherever the user is: the day begins, ends
// and reminds in the user's zone. It tells whether that changed the task.
func (t *Task) float(user person.Settings) bool {
	if !t.AllDay || t.DueDate == nil || t.TimeZone == user.TimeZone {
		return false
	}
	told := t.RemindedDue != nil && t.RemindedDue.Equal(*t.DueDate)
	defer t.keepStartDay(t.Zone())
	due := endOfDay(recurrence.Wall(*t.DueDate, t.Zone()), user.Zone()).UTC()
	t.DueDate, t.TimeZone = &due, user.TimeZone
	if told {
		t.RemindedDue = &due
	}
	return true
}

package transfer

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// Properties by which a feed of our own says what iCalendar has no place for, so that
// it can be imported again. internal/calendar writes them.
const (
	propSeries   = "X-TICKLER-SERIES"
	propCategory = "X-TICKLER-CATEGORY"
	propEstimate = "X-TICKLER-ESTIMATE"
	propNag      = "X-TICKLER-NAG"
	propZone     = "X-TICKLER-ZONE"
	propAlarms   = "X-TICKLER-ALARMS"
	propReminder = "X-TICKLER-REMINDER" // of an alarm
)

// maxExcluded is how many dates that a series leaves out are looked at.
const maxExcluded = 1000

// date is a date or date-time of a calendar.
type date struct {
	at   time.Time // the instant; of a day 00:00 in the person's zone
	wall time.Time // in its zone
	day  bool
	zone *time.Location // nil: UTC, of a day none
	utc  bool
}

// text is the date as a person reads it.
func (d date) text() string {
	switch {
	case d.day:
		return d.wall.Format(time.DateOnly)
	case d.utc:
		return d.wall.Format("2006-01-02 15:04 UTC")
	}
	return d.wall.Format("2006-01-02 15:04") + " " + d.zone.String()
}

// date reads a date or date-time; one without a zone is in the person's. A wall time
// that does not exist moves forward like any other. A zone that is not known is noted.
func (r *calendarFile) date(i *item, prop *ical.Prop) (date, bool) {
	value, zone := zoned(prop)
	return r.dateIn(i, value, zone)
}

// zoned is the value of a property of dates, and the zone that it names. A name with a
// colon belongs in quotes, which not everybody writes: DUE;TZID=UTC+02:00:20260310T080000.
func zoned(prop *ical.Prop) (value, zone string) {
	value, zone = prop.Value, prop.Params.Get(ical.PropTimezoneID)
	if at := strings.LastIndexByte(value, ':'); at >= 0 && zone != "" && !strings.Contains(value, "-") {
		value, zone = value[at+1:], zone+":"+value[:at]
	}
	return value, zone
}

// extended is a date-time as ISO 8601 writes it for people.
var extended = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(Z?))?$`)

// basic is the form of a date that RFC 5545 has (3.3.4 and 3.3.5), of one in the extended
// form of ISO 8601 too. A leap second is the one before it.
func basic(value string) string {
	value = strings.TrimSpace(value)
	if !strings.Contains(value, "-") && !strings.HasSuffix(strings.TrimSuffix(value, "Z"), "60") {
		return value
	}
	if m := extended.FindStringSubmatch(value); m != nil && m[4] == "" {
		value = m[1] + m[2] + m[3]
	} else if m != nil {
		value = m[1] + m[2] + m[3] + "T" + m[4] + m[5] + cmp.Or(m[6], "00") + m[7]
	}
	if len(value) >= len("20060102T150460") && value[8] == 'T' && value[13:15] == "60" {
		value = value[:13] + "59" + value[15:]
	}
	return value
}

func (r *calendarFile) dateIn(i *item, value, name string) (date, bool) {
	value = basic(value)
	wall, err := time.Parse("20060102", value)
	if err == nil {
		return date{at: recurrence.Resolve(wall, r.user.Zone()), wall: wall, day: true}, wall.Year() >= 1970
	}
	clock, utc := strings.CutSuffix(value, "Z")
	if wall, err = time.Parse("20060102T150405", clock); err != nil {
		wall, err = time.Parse("20060102T1504", clock)
	}
	if err != nil || wall.Year() < 1970 {
		return date{}, false
	}
	if utc {
		return date{at: wall, wall: wall, utc: true}, true
	}
	zone, rules := r.zone(i, name)
	d := date{wall: wall, zone: zone}
	if rules != nil {
		d.at = rules.instant(wall)
		d.wall = recurrence.Wall(d.at, zone)
	} else {
		d.at = recurrence.Resolve(wall, zone)
	}
	return d, true
}

// prop reads the date of a property; what cannot be read is kept.
func (r *calendarFile) prop(i *item, todo *ical.Component, name string) (date, bool) {
	prop := todo.Props.Get(name)
	if prop == nil || strings.TrimSpace(prop.Value) == "" {
		return date{}, false
	}
	d, ok := r.date(i, prop)
	if !ok {
		i.note("the date %q could not be read; it stands in the description", fault.Clip(prop.Value))
		i.line(map[string]string{ical.PropDue: "Due: ", ical.PropDateTimeStart: "Start: "}[name] + prop.Value)
	}
	return d, ok
}

// dates reads when the to-do is due and how it recurs.
func (r *calendarFile) dates(i *item, todo *ical.Component) {
	start, starts := r.prop(i, todo, ical.PropDateTimeStart)
	due, dated := r.due(i, todo)
	if !dated && starts {
		due, dated = start, true
	}
	own := raw(todo, propSeries)
	if listed := r.listed(i, todo, ical.PropRecurrenceDates); !dated && len(listed) > 0 {
		due, dated = slices.MinFunc(listed, func(a, b date) int { return a.at.Compare(b.at) }), true
	}
	if dated {
		r.setDue(i, due)
	}
	if zone, known := tzZone(raw(todo, propZone)); known && due.utc {
		i.dueAt(due.at, zone)
	}
	if starts && dated && !start.at.Equal(due.at) && own == "" {
		r.start(i, todo, start, due)
	}
	r.rules(i, todo, own)
}

// due reads the due date: DUE, or how long it takes from the start.
func (r *calendarFile) due(i *item, todo *ical.Component) (date, bool) {
	text := raw(todo, ical.PropDuration)
	if raw(todo, ical.PropDue) != "" {
		i.keep("Duration", text)
		return r.prop(i, todo, ical.PropDue)
	}
	start := todo.Props.Get(ical.PropDateTimeStart)
	if text == "" {
		return date{}, false
	}
	var begin date
	ok := false
	if start != nil {
		begin, ok = r.date(i, start)
	}
	if _, valid := durationOf(text); !ok || !valid || strings.HasPrefix(text, "-") {
		i.keep("Duration", text)
		return date{}, false
	}
	days, clock := nominal(text)
	begin.wall = begin.wall.AddDate(0, 0, days)
	switch {
	case begin.day:
		begin.at = recurrence.Resolve(begin.wall, r.user.Zone())
	case begin.zone == nil:
		begin.wall = begin.wall.Add(clock)
		begin.at = begin.wall
	default:
		if days > 0 {
			begin.at = recurrence.Resolve(begin.wall, begin.zone)
		}
		begin.at = begin.at.Add(clock)
		begin.wall = recurrence.Wall(begin.at, begin.zone)
	}
	return begin, true
}

// nominal takes a duration apart: weeks and days are those of the calendar, whatever
// clocks do meanwhile, hours pass (RFC 5545, section 3.3.6).
func nominal(text string) (days int, clock time.Duration) {
	before, _, _ := strings.Cut(strings.ToUpper(text), "T")
	for _, unit := range []struct {
		letter string
		days   int
	}{{"W", 7}, {"D", 1}} {
		if head, rest, found := strings.Cut(before, unit.letter); found {
			n, _ := strconv.Atoi(strings.TrimLeft(head, "+P"))
			days, before = days+n*unit.days, rest
		}
	}
	length, _ := durationOf(text)
	return days, length - time.Duration(days)*24*time.Hour
}

func (r *calendarFile) setDue(i *item, due date) {
	switch {
	case due.day:
		i.dueOn(due.wall)
	case due.utc:
		i.dueAt(due.at, r.user.Zone())
	default:
		i.dueAt(due.at, due.zone)
	}
}

// start keeps a start beside the due date. Where a rule counts from the start and
// would come to other dates from the due date, the start takes its place.
func (r *calendarFile) start(i *item, todo *ical.Component, start, due date) {
	rule, err := recurrence.Parse(raw(todo, ical.PropRecurrenceRule))
	if err == nil && (start.day != due.day || !sameSteps(rule, start.wall, due.wall, due.day, r.work)) {
		i.note("the rule counts from the start, which was taken for the due date")
		i.keep("Due", due.text())
		r.setDue(i, start)
		return
	}
	if i.keep("Start", start.text()); err == nil {
		i.apart = due.wall.Sub(start.wall)
	}
}

// sameSteps tells whether a rule comes to the same dates from the start as from the
// due date, as far apart from each other as these two, which are wall times.
func sameSteps(rule *recurrence.Rule, start, due time.Time, allDay bool, work *recurrence.Work) bool {
	const compared = 24
	apart := due.Sub(start)
	from := recurrence.Series{Rule: rule, Start: start, AllDay: allDay, Work: work}.First(compared)
	to := recurrence.Series{Rule: rule, Start: due, AllDay: allDay, Work: work}.First(compared)
	return slices.EqualFunc(from, to, func(a, b recurrence.Occurrence) bool { return a.Wall.Add(apart).Equal(b.Wall) })
}

// rules reads how the to-do recurs. The first rule counts.
func (r *calendarFile) rules(i *item, todo *ical.Component, own string) {
	for n, rule := range todo.Props.Values(ical.PropRecurrenceRule) {
		if n > 0 {
			i.keep("Another rule", rule.Value)
		} else if own == "" && i.recurs(strings.TrimSpace(rule.Value)) && strings.HasSuffix(raw(todo, ical.PropDue)+raw(todo, ical.PropDateTimeStart), "Z") {
			if due, dated := i.due(r.user); dated && !due.AllDay {
				i.dueAt(due.Time, time.UTC) // a series in UTC does not follow anybody's clock
			}
		}
	}
	if own != "" {
		r.ownSeries(i, todo.Props.Get(propSeries))
	}
	if minutes, err := strconv.Atoi(raw(todo, propEstimate)); err == nil {
		i.in.EstimateMinutes = input.Some(minutes)
	}
	if minutes, err := strconv.Atoi(raw(todo, propNag)); err == nil {
		i.in.Nag = input.Some(task.Nag{EveryMinutes: minutes})
	}
}

// ownSeries reads the place in a series that a feed of our own tells.
func (r *calendarFile) ownSeries(i *item, prop *ical.Prop) {
	number := func(name string) int {
		n, _ := strconv.Atoi(prop.Params.Get(name))
		return n
	}
	moment := func(name string) string {
		at, err := time.Parse("20060102T150405", prop.Params.Get(name))
		if err != nil {
			return ""
		}
		return at.Format(wallForm)
	}
	series := Series{
		Rule: prop.Value, Base: strings.ToLower(prop.Params.Get("BASE")), ID: strings.ToLower(prop.Params.Get("ID")),
		Start: moment("START"), Date: moment("DATE"), StartOccurrence: number("START-OCCURRENCE"), Occurrence: number("OCCURRENCE"), Missed: strings.ToLower(prop.Params.Get("MISSED")),
	}
	series.into(i)
}

// history reads when the to-do was created and done.
func (r *calendarFile) history(i *item, todo *ical.Component) {
	moment := func(name string) *time.Time {
		if prop := todo.Props.Get(name); prop != nil {
			if d, ok := r.date(i, prop); ok {
				return &d.at
			}
		}
		return nil
	}
	i.in.CreatedAt = moment(ical.PropCreated)
	if todo.Props.Get(ical.PropCompleted) != nil || strings.EqualFold(text(todo, ical.PropStatus), "COMPLETED") || raw(todo, ical.PropPercentComplete) == "100" {
		i.done(moment(ical.PropCompleted), moment(ical.PropLastModified))
	}
}

// durationOf reads a duration: RFC 5545, section 3.3.6. More than ten years is none.
func durationOf(text string) (time.Duration, bool) {
	const most = 10 * 366 * 24 * time.Hour
	prop := ical.NewProp(ical.PropDuration)
	prop.Value = strings.TrimSpace(text)
	if len(prop.Value) > 40 {
		return 0, false
	}
	length, err := prop.Duration()
	return length, err == nil && length.Abs() <= most
}

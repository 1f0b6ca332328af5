package transfer

import (
	"fmt"
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
	return r.dateIn(i, prop.Value, prop.Params.Get(ical.PropTimezoneID))
}

func (r *calendarFile) dateIn(i *item, value, name string) (date, bool) {
	value = strings.TrimSpace(value)
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

// zone finds the zone that a TZID names, and its rules if it is not in the tz
// database. What is wrong with it is noted.
func (r *calendarFile) zone(i *item, name string) (*time.Location, *zoneRules) {
	found, known := r.named[name]
	if !known {
		if found = r.find(name); len(r.named) < maxNamed {
			r.named[name] = found
		}
	}
	if found.note != "" {
		i.note("%s", found.note)
	}
	return found.zone, found.rules
}

// find finds a zone by the name in the tz database, whole or behind a vendor's path; by
// the name that the file gives beside; by the name that Windows has for it; by its rules
// in the file. Where no zone of the tz database has those rules, times are converted by
// them into the person's zone.
func (r *calendarFile) find(name string) namedRules {
	if name == "" {
		return namedRules{zone: r.user.Zone()}
	}
	if zone, known := tzZone(name); known {
		return namedRules{zone: zone}
	}
	rules := r.zones[name]
	if rules != nil {
		if zone, known := tzZone(rules.location); known {
			return namedRules{zone: zone}
		}
	}
	if zone, known := windowsZone(name); known {
		return namedRules{zone: zone}
	}
	if rules != nil && len(rules.observances) > 0 && (rules.workedOut || r.workedOut < maxWorkedOut) {
		if !rules.workedOut {
			rules.workOut(r.now)
			r.workedOut++
		}
		if rules.agreeing != nil {
			return namedRules{zone: rules.agreeing}
		}
		note := fmt.Sprintf("the zone %q has rules of its own; its times were converted to %s, in which a series repeats", fault.Clip(name), r.user.TimeZone)
		return namedRules{r.user.Zone(), rules, note}
	}
	if zone, known := offsetZone(name); known {
		return namedRules{zone: zone}
	}
	return namedRules{zone: r.user.Zone(), note: fmt.Sprintf("the zone %q is not known; times were read in %s", fault.Clip(name), r.user.TimeZone)}
}

// prop reads the date of a property; what cannot be read is kept.
func (r *calendarFile) prop(i *item, todo *ical.Component, name string) (date, bool) {
	prop := todo.Props.Get(name)
	if prop == nil {
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
		due, dated = listed[0], true
	}
	if dated {
		r.setDue(i, due)
	}
	if _, known := tzZone(raw(todo, propZone)); known && due.utc {
		i.in.TimeZone = raw(todo, propZone)
	}
	if starts && dated && !start.at.Equal(due.at) && own == "" {
		r.start(i, todo, start, due)
	}
	r.rules(i, todo, own)
}

// due reads the due date: DUE, or how long it takes from the start.
func (r *calendarFile) due(i *item, todo *ical.Component) (date, bool) {
	if todo.Props.Get(ical.PropDue) != nil {
		return r.prop(i, todo, ical.PropDue)
	}
	start := todo.Props.Get(ical.PropDateTimeStart)
	text := raw(todo, ical.PropDuration)
	if start == nil || text == "" {
		return date{}, false
	}
	begin, ok := r.date(i, start)
	length, valid := durationOf(text)
	if !ok || !valid || length < 0 {
		i.keep("Duration", text)
		return date{}, false
	}
	if begin.day {
		begin.wall = begin.wall.Add(length.Truncate(24 * time.Hour))
		begin.at = recurrence.Resolve(begin.wall, r.user.Zone())
		return begin, true
	}
	begin.at = begin.at.Add(length)
	begin.wall = begin.wall.Add(length)
	if begin.zone != nil {
		begin.wall = recurrence.Wall(begin.at, begin.zone)
	}
	return begin, true
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
	if err == nil && !r.sameSteps(rule, start, due) {
		i.note("the rule counts from the start, which was taken for the due date")
		i.keep("Due", due.text())
		r.setDue(i, start)
		return
	}
	i.keep("Start", start.text())
}

// sameSteps tells whether a rule comes to the same dates from the start as from the
// due date, as far apart from each other as these two.
func (r *calendarFile) sameSteps(rule *recurrence.Rule, start, due date) bool {
	const compared = 24
	if start.day != due.day {
		return false
	}
	apart := due.wall.Sub(start.wall)
	from := recurrence.Series{Rule: rule, Start: start.wall, AllDay: start.day, Work: r.work}.First(compared)
	to := recurrence.Series{Rule: rule, Start: due.wall, AllDay: due.day, Work: r.work}.First(compared)
	return slices.EqualFunc(from, to, func(a, b recurrence.Occurrence) bool { return a.Wall.Add(apart).Equal(b.Wall) })
}

// rules reads how the to-do recurs. The first rule counts.
func (r *calendarFile) rules(i *item, todo *ical.Component, own string) {
	for n, rule := range todo.Props.Values(ical.PropRecurrenceRule) {
		if n > 0 {
			i.keep("Another rule", rule.Value)
		} else if own == "" && i.recurs(strings.TrimSpace(rule.Value)) && strings.HasSuffix(raw(todo, ical.PropDue)+raw(todo, ical.PropDateTimeStart), "Z") {
			i.in.TimeZone = "UTC" // a series in UTC does not follow anybody's clock
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

// listed reads dates that are listed, without periods, which are no dates of to-dos.
func (r *calendarFile) listed(i *item, todo *ical.Component, name string) (all []date) {
	for _, prop := range todo.Props.Values(name) {
		for value := range strings.SplitSeq(prop.Value, ",") {
			value, _, _ = strings.Cut(value, "/")
			if len(all) == maxExcluded {
				i.note("only the first %d dates of %s were read", maxExcluded, name)
				return all
			}
			if d, ok := r.dateIn(i, value, prop.Params.Get(ical.PropTimezoneID)); ok {
				all = append(all, d)
			} else {
				i.note("the date %q could not be read", fault.Clip(value))
			}
		}
	}
	return all
}

// exceptions reads dates beside the rule, and those left out of it.
func (r *calendarFile) exceptions(i *item, todo *ical.Component) {
	if raw(todo, propSeries) != "" {
		return // the list says what the rule says
	}
	due, dated := i.due(r.user)
	var more []string
	for _, one := range r.listed(i, todo, ical.PropRecurrenceDates) {
		if !dated || one.at.After(due.Time) || one.day && one.wall.After(due.Wall) {
			more = append(more, one.text())
		}
	}
	i.keep("Also on", strings.Join(more, ", "))
	if i.in.RecurrenceRule.Value == "" {
		return
	}
	r.exclude(i, r.listed(i, todo, ical.PropExceptionDates))
	if rule := raw(todo, "EXRULE"); rule != "" {
		i.note("the rule of its exceptions could not be taken over")
	}
}

// exclude leaves dates out of a series: the due date moves to the first that is left,
// later ones are kept.
func (r *calendarFile) exclude(i *item, out []date) {
	due, dated := i.due(r.user)
	rule, err := recurrence.Parse(i.in.RecurrenceRule.Value)
	if len(out) == 0 || !dated || err != nil {
		return
	}
	instants, days := map[int64]bool{}, map[string]bool{}
	for _, one := range out[:min(len(out), maxExcluded)] {
		if instants[one.at.Unix()] = true; one.day || due.AllDay {
			days[one.wall.Format(time.DateOnly)] = true
		}
	}
	series := recurrence.Series{Rule: rule, Start: due.Wall, Zone: i.zone(r.user), AllDay: due.AllDay, StartIndex: 1, Work: r.work}
	now := recurrence.Occurrence{Time: due.Time, Wall: due.Wall, Index: 1}
	for instants[now.Time.Unix()] || days[now.Wall.Format(time.DateOnly)] {
		next, more := series.Next(now, now.Time)
		switch {
		case r.work.Exhausted():
			i.note("which dates are left out took too long to work out")
			return
		case !more:
			i.reason = "all of its dates are left out"
			return
		}
		now = next
	}
	if now.Index > 1 {
		i.place(due.Wall, now.Wall, now.Index)
		i.in.DueDate = input.Some(now.Wall.Format(wallForm))
		if due.AllDay {
			i.dueOn(now.Wall)
		}
	}
	var later []string
	for _, one := range out {
		if one.at.After(now.Time) {
			later = append(later, one.text())
		}
	}
	i.keep("Not on", strings.Join(later, ", "))
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

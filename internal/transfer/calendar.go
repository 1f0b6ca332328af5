package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

const calendarFormat = "icalendar"

// calendarFile is a stream of calendars as it is read.
type calendarFile struct {
	*content
	user    person.Settings
	now     time.Time
	zones   map[string]*zoneRules
	named   map[string]namedRules // what names of zones lead to, in the present calendar
	changes []change              // of single dates, in the present calendar
	series  map[string]int        // recurring to-dos by their UID: places in items
	waiting []waiting             // for the rules of a zone that comes behind them

	through   *bufio.Reader // to the library
	workedOut int           // zones
	work      *recurrence.Work
}

// maxNamed is how many names of zones are remembered.
const maxNamed = 1000

// namedRules is what the name of a zone leads to.
type namedRules struct {
	zone  *time.Location
	rules *zoneRules // if it is none of the tz database; times in them become those of zone
	note  string
}

// waiting is a to-do that names a zone that is not known yet.
type waiting struct {
	row  int
	text []byte
	lost []string
}

// readCalendar reads the to-dos of calendars (RFC 5545, section 3.6.2), of which a
// stream may hold several.
func (s *Service) readCalendar(user person.Settings, f *file, c *content) error {
	c.format = calendarFormat
	r := &calendarFile{content: c, user: user, now: s.now(), series: map[string]int{}, named: map[string]namedRules{}, work: recurrence.NewWork(maxWork), through: bufio.NewReader(nil)}
	todos := newToDos(f)
	first := len(c.items)
	for row := 1; ; {
		one, err := todos.next()
		r.zones = todos.zones
		switch {
		case errors.Is(err, io.EOF):
			slices.SortStableFunc(c.items[first:], func(a, b item) int { return a.row - b.row })
			for _, name := range slices.Sorted(maps.Keys(todos.others)) {
				c.note("left out: %d %s; only to-dos (VTODO) are imported", todos.others[name], name)
			}
			return nil
		case err == nil && one.text == nil:
			err = r.end()
		case err == nil && row > MaxTasks:
			err = tooMany("tasks", MaxTasks)
		case err == nil && slices.ContainsFunc(one.zones, r.unknown):
			r.waiting = append(r.waiting, waiting{row, bytes.Clone(one.text), one.lost})
			row++
		case err == nil:
			err = r.read(row, one.text, one.lost)
			row++
		}
		if err != nil {
			return f.refuse(err, "is not an iCalendar file: %s")
		}
	}
}

// end reads what waited for the end of a calendar.
func (r *calendarFile) end() error {
	for _, one := range r.waiting {
		if err := r.read(one.row, one.text, one.lost); err != nil {
			return err
		}
	}
	r.waiting = nil
	err := r.applyChanges()
	r.series, r.changes, r.named = map[string]int{}, nil, map[string]namedRules{}
	return err
}

// unknown tells whether only rules can explain the name of a zone, and these have not
// come yet.
func (r *calendarFile) unknown(name string) bool {
	return r.zones[name] == nil && r.find(name).note != ""
}

// read adds a to-do, or keeps it as a change of one date of another.
func (r *calendarFile) read(row int, text []byte, lost []string) error {
	todo, err := decode(bytes.NewReader(text), r.through)
	if err != nil {
		return err
	}
	i := r.toDo(row, todo, lost)
	if todo.Props.Get(ical.PropRecurrenceID) != nil {
		r.changes = append(r.changes, r.change(i, todo))
		return nil
	}
	if uid := raw(todo, ical.PropUID); uid != "" && i.in.RecurrenceRule.Value != "" {
		if _, twice := r.series[uid]; !twice {
			r.series[uid] = len(r.items)
		}
	}
	return r.add(i)
}

func (r *calendarFile) toDo(row int, todo *ical.Component, lost []string) item {
	i := item{row: row, uid: text(todo, ical.PropUID)}
	if i.uid != "" {
		i.in.IdempotencyKey = key(calendarFormat, i.uid, raw(todo, ical.PropRecurrenceID))
	} else { // required, but not everybody writes it
		i.in.IdempotencyKey = r.alike(everything(todo)...)
	}
	i.in.Title, i.in.Description = input.Some(text(todo, ical.PropSummary)), input.Some("")
	if description := todo.Props.Get(ical.PropDescription); description != nil {
		i.in.Description = input.Some(unescape.Replace(description.Value)) // with the blanks around it
	}
	if i.in.Title.Value == "" {
		i.untitled()
	}
	if strings.EqualFold(text(todo, ical.PropStatus), "CANCELLED") {
		i.reason = "it was cancelled"
	}
	i.in.Priority = input.Some(calendarPriority(raw(todo, ical.PropPriority)))
	r.labels(&i, todo)
	r.dates(&i, todo)
	r.alarms(&i, todo) // before the due date moves behind exceptions
	r.exceptions(&i, todo)
	r.history(&i, todo)
	r.others(&i, todo)
	i.leftOut(lost)
	return i
}

// labels reads the categories: all become tags, but for the category of a feed of our
// own.
func (r *calendarFile) labels(i *item, todo *ical.Component) {
	category := text(todo, propCategory)
	i.in.Category = input.Some(category)
	for _, list := range todo.Props.Values(ical.PropCategories) {
		tags, err := list.TextList()
		if err != nil {
			tags = strings.Split(list.Value, ",")
		}
		for _, tag := range tags {
			if tag = strings.TrimSpace(tag); tag != category {
				i.tag(tag)
			}
		}
	}
}

// text is a text without its escapes, "" if there is none.
func text(c *ical.Component, name string) string {
	return strings.TrimSpace(unescape.Replace(raw(c, name)))
}

// unescape takes the escapes of RFC 5545, section 3.3.11, out of a text that is no list.
// Many programs leave commas as they are, and escape what needs none.
var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\"`, `"`)

// raw is a value as it stands there, of whatever type.
func raw(c *ical.Component, name string) string {
	if prop := c.Props.Get(name); prop != nil {
		return strings.TrimSpace(prop.Value)
	}
	return ""
}

// everything is what a to-do says, without when it was written.
func everything(c *ical.Component) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Props)) {
		if name != ical.PropCreated && name != ical.PropLastModified {
			for _, prop := range c.Props[name] {
				all = append(all, name, prop.Params.Get(ical.PropTimezoneID), prop.Value)
			}
		}
	}
	return all
}

// calendarPriority: 1 is the highest, 9 the lowest, 0 none. RFC 5545, section 3.8.1.9.
func calendarPriority(text string) task.Priority {
	switch n, _ := strconv.Atoi(text); {
	case n == 1:
		return task.Urgent
	case n >= 2 && n <= 4:
		return task.High
	case n >= 6:
		return task.Low
	default:
		return task.Medium
	}
}

// shown are the names under which properties without a place are kept.
var shown = map[string]string{
	ical.PropURL: "URL", ical.PropGeo: "Place", ical.PropAttach: "Attachment", ical.PropClass: "Class", ical.PropRequestStatus: "Request status",
}

// others keeps the properties that have no place of their own.
func (r *calendarFile) others(i *item, todo *ical.Component) {
	for _, name := range slices.Sorted(maps.Keys(todo.Props)) {
		props := todo.Props[name]
		switch name {
		case ical.PropRelatedTo:
			r.related(i, props)
			continue
		case ical.PropPercentComplete:
			if done := props[0].Value; done != "0" && done != "100" && i.in.CompletedAt == nil {
				i.keep("Done so far", done+" %")
			}
			continue
		case ical.PropStatus:
			if status := strings.ToUpper(props[0].Value); status == "IN-PROCESS" {
				i.keep("Status", "in process")
			}
			continue
		case ical.PropPriority:
			if _, err := strconv.Atoi(strings.TrimSpace(props[0].Value)); err != nil {
				i.keep("Priority", props[0].Value)
			}
			continue
		case ical.PropClass:
			if strings.EqualFold(props[0].Value, "PUBLIC") {
				continue
			}
		case ical.PropCategories, ical.PropExceptionDates, ical.PropRecurrenceDates, ical.PropRecurrenceRule:
			continue // read by labels and dates
		}
		if slices.Contains(readProps, name) {
			if len(props) > 1 {
				i.leftOut([]string{"a second " + name})
			}
			continue
		}
		label := shown[name]
		if label == "" {
			label = name[:1] + strings.ToLower(name[1:])
		}
		for _, prop := range props {
			if prop.ValueType() == ical.ValueText {
				i.keep(label, unescape.Replace(prop.Value))
			} else if encoding := prop.Params.Get("ENCODING"); encoding != "" {
				i.leftOut([]string{name})
			} else {
				i.keep(label, prop.Value)
			}
		}
	}
}

// related reads what a to-do is a part of, and keeps other relations.
func (r *calendarFile) related(i *item, props []ical.Prop) {
	for _, prop := range props {
		uid := strings.TrimSpace(unescape.Replace(prop.Value))
		switch kind := strings.ToUpper(prop.Params.Get("RELTYPE")); {
		case (kind == "" || kind == "PARENT") && i.parent == "":
			i.parent = uid
		case kind == "DEPENDS-ON" && len(i.relations().needs) < task.MaxBlockers: // RFC 9253, section 5.1
			i.relations().needs = append(i.relations().needs, uid)
		case kind == "CHILD" && len(i.relations().parts) < maxParts:
			i.relations().parts = append(i.relations().parts, uid)
		default:
			i.keep("Related to", uid)
		}
	}
}

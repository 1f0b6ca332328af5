package transfer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// Microsoft To Do has no export of its own; programs and scripts save what Microsoft
// Graph answers: a list of tasks in value, or lists with their tasks. Due dates are
// days, written as midnight in a zone, which may have a name of Windows.
// https://learn.microsoft.com/graph/api/resources/todotask

const microsoftFormat = "microsoft-todo"

var microsoftLists = map[string]bool{"value": true, "lists": true, "tasks": true}

func (j *jsonFile) readMicrosoft() error {
	token, err := j.token()
	if err != nil {
		return err
	}
	one := func() error { return j.nested(microsoftLists, microsoftTitle, j.microsoftTask) }
	if delim := fmt.Sprint(token); delim == "[" {
		return j.elements(one)
	}
	self, first := record{}, len(j.items)
	err = j.rest(func(name string) error {
		switch {
		case microsoftLists[lower(name)]:
			return j.list(one)
		case lower(name) == "displayname" || lower(name) == "wellknownlistname":
			text, err := j.raw(foreignParts)
			self.set(name, text)
			return err
		}
		return j.skip()
	})
	if title := microsoftTitle(self); title != "" {
		for n := first; n < len(j.items); n++ {
			j.items[n].in.Category = input.Some(title)
		}
	}
	return err
}

// microsoftTitle is the name of a list; the list that everybody has gives none.
func microsoftTitle(list record) string {
	if strings.EqualFold(list.text("wellknownListName"), "defaultList") {
		return ""
	}
	return list.text("displayName")
}

func (j *jsonFile) microsoftTask(r record) item {
	i := j.begin(r, "id")
	i.in.Title = input.Some(r.text("title"))
	if i.in.Title.Value == "" {
		i.untitled()
	}
	body := r.record("body")
	i.in.Description = input.Some(body.text("content"))
	if strings.EqualFold(body.text("contentType"), "html") {
		i.in.Description = input.Some(plainText(i.in.Description.Value))
	}
	i.in.Priority = input.Some(task.Medium)
	switch importance := strings.ToLower(r.text("importance")); importance {
	case "high":
		i.in.Priority = input.Some(task.High)
	case "low":
		i.in.Priority = input.Some(task.Low)
	}
	for _, name := range r.texts("categories") {
		i.tag(name)
	}
	if at, day, ok := j.graphTime(&i, r.record("dueDateTime")); ok && day {
		i.dueOn(at)
	} else if ok {
		i.dueAt(at, j.user.Zone())
	}
	if start, day, ok := j.graphTime(&i, r.record("startDateTime")); ok {
		form := "2006-01-02 15:04"
		if day {
			form = time.DateOnly
		}
		if text := start.Format(form); text != i.in.DueDate.Value {
			i.keep("Start", text)
		}
	}
	if pattern := r.record("recurrence"); len(pattern) > 0 {
		span, _ := recordOf(pattern["range"].text)
		if day, err := time.Parse(time.DateOnly, span.text("startDate")); i.recurs(graphRule(pattern)) && i.in.DueDate.Value == "" && err == nil && day.Year() >= 1970 {
			i.dueOn(day)
		}
	}
	reminder := r.record("reminderDateTime")
	if on := r.text("isReminderOn"); !strings.EqualFold(on, "false") {
		if at := j.graphInstant(&i, reminder); at != nil {
			i.remindAt(*at, at.Format(time.RFC3339), j.user)
		}
	}
	i.checklist(r.records("checklistItems"), "displayName", "isChecked")
	for _, link := range r.records("linkedResources") {
		i.keep("Link", strings.TrimSpace(link.text("displayName")+" "+link.text("webUrl")))
	}
	i.in.CreatedAt = r.moment("createdDateTime")
	switch status := strings.ToLower(r.text("status")); status {
	case "completed":
		i.done(j.graphInstant(&i, r.record("completedDateTime")), r.moment("lastModifiedDateTime"))
	case "", "notstarted":
	default: // inProgress, waitingOnOthers, deferred
		i.keep("Status", status)
	}
	i.leftOut(r.left("bodylastmodifieddatetime lastmodifieddatetime hasattachments completeddatetime parentfolderid"))
	return i
}

// graphTime reads a dateTimeTimeZone that stands for a day, or for a moment if it is
// not midnight: in its own zone, or in that of the person, since Graph turns days
// into UTC. Of a day the date counts, as wall time.
func (j *jsonFile) graphTime(i *item, r record) (at time.Time, day, ok bool) {
	text := r.text("dateTime")
	wall, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(fractionless(text), "Z"))
	if err != nil || wall.Year() < 1970 {
		if text != "" {
			i.keep("Date", text)
		}
		return at, false, false
	}
	if wall.Equal(wall.Truncate(24 * time.Hour)) {
		return wall, true, true
	}
	at = recurrence.Resolve(wall, j.graphZone(i, r))
	if local := recurrence.Wall(at, j.user.Zone()); local.Equal(local.Truncate(24 * time.Hour)) {
		return local, true, true
	}
	return at.In(j.user.Zone()), false, true
}

// graphInstant reads a dateTimeTimeZone that stands for a moment; nil if it is none.
func (j *jsonFile) graphInstant(i *item, r record) *time.Time {
	wall, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(fractionless(r.text("dateTime")), "Z"))
	if err != nil || wall.Year() < 1970 {
		return nil
	}
	at := recurrence.Resolve(wall, j.graphZone(i, r))
	return &at
}

func fractionless(text string) string {
	head, _, _ := strings.Cut(text, ".")
	return head
}

func (j *jsonFile) graphZone(i *item, r record) *time.Location {
	name := r.text("timeZone")
	if name == "" || strings.EqualFold(name, "UTC") {
		return time.UTC
	}
	zone, known := namedZone(name)
	if !known {
		i.note("the time zone %q is not known; times were read in %s", name, j.user.TimeZone)
		return j.user.Zone()
	}
	return zone
}

// graphRule is the RRULE of a patternedRecurrence; where that cannot be, it is the
// pattern in words, which no rule is.
// https://learn.microsoft.com/graph/api/resources/recurrencepattern
func graphRule(r record) string {
	p, span := r.record("pattern"), r.record("range")
	kind := p.text("type")
	var days []string
	for _, name := range p.texts("daysOfWeek") {
		if len(name) >= 2 {
			days = append(days, strings.ToUpper(name[:2]))
		}
	}
	rule := ""
	monthDay := func() string {
		day := p.number("dayOfMonth")
		text := fmt.Sprintf(";BYMONTHDAY=%d", day)
		if day > 28 { // a month without that day uses its last one
			text += ";SKIP=BACKWARD"
		}
		return text
	}
	position := func() string {
		places := []string{"last", "first", "second", "third", "fourth"}
		n := slices.Index(places, strings.ToLower(p.text("index")))
		if n <= 0 {
			n = []int{1, -1}[n+1]
		}
		return fmt.Sprintf(";BYDAY=%s;BYSETPOS=%d", strings.Join(days, ","), n)
	}
	switch strings.ToLower(kind) {
	case "daily":
		rule = "FREQ=DAILY"
	case "weekly":
		rule = "FREQ=WEEKLY"
		if len(days) > 0 {
			rule += ";BYDAY=" + strings.Join(days, ",")
		}
		if week := p.text("firstDayOfWeek"); len(week) >= 2 && !strings.EqualFold(week, "monday") {
			rule += ";WKST=" + strings.ToUpper(week[:2])
		}
	case "absolutemonthly":
		rule = "FREQ=MONTHLY" + monthDay()
	case "relativemonthly":
		rule = "FREQ=MONTHLY" + position()
	case "absoluteyearly":
		rule = fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d", p.number("month")) + monthDay()
	case "relativeyearly":
		rule = fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d", p.number("month")) + position()
	default:
		return "pattern " + kind
	}
	if n := p.number("interval"); n > 1 {
		rule += fmt.Sprintf(";INTERVAL=%d", n)
	}
	switch strings.ToLower(span.text("type")) {
	case "enddate":
		rule += ";UNTIL=" + strings.ReplaceAll(span.text("endDate"), "-", "")
	case "numbered":
		rule += fmt.Sprintf(";COUNT=%d", span.number("numberOfOccurrences"))
	}
	return rule
}

// checklist adds the steps of a task to its description.
func (i *item) checklist(steps []record, name, checked string) {
	var lines []string
	for _, step := range steps {
		mark := "- [ ] "
		if step.flag(checked) {
			mark = "- [x] "
		}
		if text := step.text(name); text != "" {
			lines = append(lines, mark+text)
		}
	}
	if len(lines) > 0 {
		i.describe(strings.Join(lines, "\n"))
		i.note("its steps stand in the description")
	}
}

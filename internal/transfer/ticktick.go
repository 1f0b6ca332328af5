package transfer

import (
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// TickTick's backup is one CSV file. Instants are in UTC; a whole day is its midnight
// in the zone of the row, and several end at the midnight behind the last. A floating
// time is the same wall time in every zone. Repeat is an RRULE, Reminder a list of TRIGGERs of RFC 5545
// counted from the start, and priorities are 0, 1, 3 and 5.
// https://help.ticktick.com/articles/7055782011327119360

const tickTickFormat = "ticktick"

var tickTickPriorities = map[string]task.Priority{"5": task.High, "3": task.Medium, "1": task.Low}

// tickTick is a backup as it is read.
type tickTick struct {
	*content
	user person.Settings
	work *recurrence.Work
}

func (p *tickTick) row(t *table) error {
	if t.field("TITLE") == "" && t.field("CONTENT") == "" {
		return nil
	}
	i := item{row: t.line, uid: t.field("TASKID"), parent: t.field("PARENTID")}
	if i.uid != "" {
		i.in.IdempotencyKey = key(tickTickFormat, i.uid, t.field("CREATED TIME"))
	} else {
		i.in.IdempotencyKey = p.alike(t.record...)
	}
	i.in.Title, i.in.Description = input.Some(t.field("TITLE")), input.Some(checklistOf(t.field("CONTENT")))
	if i.in.Title.Value == "" {
		i.untitled()
	}
	if name := t.field("LIST NAME"); !strings.EqualFold(strings.TrimLeft(name, "📥 "), "Inbox") {
		i.in.Category = input.Some(name)
	}
	i.keep("Folder", t.field("FOLDER NAME"))
	if column := t.field("COLUMN NAME"); !strings.EqualFold(column, "Not Sectioned") {
		i.keep("Section", column)
	}
	i.in.Priority = input.Some(task.Medium)
	if priority, known := tickTickPriorities[t.field("PRIORITY")]; known {
		i.in.Priority = input.Some(priority)
	}
	for tag := range strings.SplitSeq(t.field("TAGS"), ",") {
		i.tag(strings.TrimPrefix(strings.TrimSpace(tag), "#"))
	}
	if strings.EqualFold(t.field("KIND"), "NOTE") {
		i.note("it was a note rather than a task")
	}
	p.dates(&i, t)
	i.in.CreatedAt = momentOf(t.field("CREATED TIME"))
	switch completed := momentOf(t.field("COMPLETED TIME")); t.field("STATUS") {
	case "1", "2":
		i.done(completed)
	case "-1":
		i.done(completed)
		i.note("it was marked as one that will not be done")
	}
	return p.add(i)
}

func (p *tickTick) end() {}

// dates reads when the task is due, how it recurs and when it reminds.
func (p *tickTick) dates(i *item, t *table) {
	zone := p.user.Zone()
	if name := t.field("TIMEZONE"); name != "" {
		if named, known := namedZone(name); known {
			zone = named
		} else {
			i.note("the time zone %q is not known; times were read in %s", fault.Clip(name), p.user.TimeZone)
		}
	}
	start, due := momentOf(t.field("START DATE")), momentOf(t.field("DUE DATE"))
	for _, name := range []string{"START DATE", "DUE DATE"} {
		if text := t.field(name); text != "" && momentOf(text) == nil {
			i.keep(name[:1]+strings.ToLower(name[1:]), text)
		}
	}
	if due == nil {
		due = start
	}
	if due == nil {
		p.repeat(i, t.field("REPEAT"))
		return
	}
	if start == nil {
		start = due
	}
	allDay := strings.EqualFold(t.field("IS ALL DAY"), "true")
	day, form := recurrence.Wall(*due, zone), "2006-01-02 15:04"
	if allDay {
		form = time.DateOnly
		if start.Before(*due) { // the midnight behind the last day
			day = day.AddDate(0, 0, -1)
			last := recurrence.Resolve(day, zone)
			due = &last
		}
		i.dueOn(day)
	} else {
		if strings.EqualFold(t.field("IS FLOATING"), "true") {
			begins, ends := recurrence.Resolve(recurrence.Wall(*start, zone), p.user.Zone()), recurrence.Resolve(day, p.user.Zone())
			start, due, zone = &begins, &ends, p.user.Zone()
		}
		i.dueAt(*due, zone)
	}
	p.repeat(i, t.field("REPEAT"))
	rule, err := recurrence.Parse(i.in.RecurrenceRule.Value)
	switch from := recurrence.Wall(*start, zone); {
	case start.Equal(*due):
	case err == nil && !sameSteps(rule, from, recurrence.Wall(*due, zone), allDay, p.work):
		i.note("the rule counts from the start, which was taken for the due date")
		i.keep("Due", due.In(zone).Format(form))
		if due = start; allDay {
			i.dueOn(from)
		} else {
			i.dueAt(*due, zone)
		}
	default:
		i.keep("Start", from.Format(form))
	}
	for text := range strings.FieldsFuncSeq(t.field("REMINDER"), func(r rune) bool { return r == ',' || r == '\n' || r == ' ' }) {
		p.reminder(i, text, *start, *due, zone, allDay)
	}
}

// repeat reads an RRULE, or the first of several. Parts of TickTick's own begin with
// TT_.
func (p *tickTick) repeat(i *item, text string) {
	for n, rule := range strings.Fields(text) {
		if n > 0 {
			i.keep("Another rule", rule)
			continue
		}
		var parts []string
		for part := range strings.SplitSeq(strings.TrimPrefix(rule, "RRULE:"), ";") {
			if strings.HasPrefix(part, "TT_") {
				i.keep("Part of the rule", part)
			} else {
				parts = append(parts, part)
			}
		}
		i.recurs(strings.Join(parts, ";"))
	}
}

// reminder reads a trigger, which counts from the start, or from 00:00 of the day.
func (p *tickTick) reminder(i *item, text string, start, due time.Time, zone *time.Location, allDay bool) {
	value := strings.TrimPrefix(strings.ToUpper(text), "TRIGGER:")
	apart, ok := durationOf(value)
	switch {
	case !ok:
		i.note("the reminder %q could not be taken over", fault.Clip(text))
	case allDay:
		i.remind(time.Duration(p.user.AllDayTime)*time.Minute-apart, text)
	default:
		i.remind(due.Sub(start)-apart, text)
	}
}

// checklistOf writes the marks of TickTick's checklists as those of Markdown.
func checklistOf(text string) string {
	return strings.TrimSpace(checkMarks.Replace(text))
}

var checkMarks = strings.NewReplacer("▫", "\n- [ ] ", "▪", "\n- [x] ")

package transfer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/phrase"
	"tickler/internal/task"
)

// Todoist exports a project as a CSV file: rows of tasks, of sections, and of notes,
// which are the comments of the task above; its backup is a ZIP of these, each named
// for its project. Labels stand in the content as @label, priority 1 is the highest,
// indent counts from 1, and dates are as the person wrote them.
// https://www.todoist.com/help/articles/format-a-csv-file-to-import-into-todoist

const todoistFormat = "todoist"

var todoistPriorities = map[string]task.Priority{"1": task.Urgent, "2": task.High, "3": task.Medium, "4": task.Low, "": task.Medium}

// maxIndent is how deep tasks may be part of each other; Todoist has four levels.
const maxIndent = 8

var (
	mention   = regexp.MustCompile(`(?:^|\s)@([^\s@]+)`)
	projectID = regexp.MustCompile(`\s*\[[0-9A-Za-z]+\]$`)
	userID    = regexp.MustCompile(`\s*\([0-9A-Za-z]+\)$`)
	// attachment is a comment with a file.
	attachment = regexp.MustCompile(`^(?s)(.*?)\s*\[\[file (\{.*\})\]\]\s*$`)
)

// todoist is a project as it is read.
type todoist struct {
	*content
	user    person.Settings
	now     time.Time
	project string // its name, "" if the file does not tell
	section string
	above   []string // titles of the tasks that the next one may be part of
	places  []int    // and their places among the items
	first   int      // item of this project
}

// newTodoist reads a project. The project is the category of its tasks; where the file
// has no name, or it is the inbox, their section is.
func newTodoist(c *content, user person.Settings, now time.Time) *todoist {
	p := &todoist{content: c, user: user, now: now, project: projectID.ReplaceAllString(c.name, ""), first: len(c.items)}
	if strings.EqualFold(p.project, "Inbox") {
		p.project = ""
	}
	return p
}

func (p *todoist) row(t *table) error {
	switch kind := strings.ToLower(t.field("TYPE")); kind {
	case "section":
		p.section, p.above = strings.Clone(cutTo(t.field("CONTENT"), task.MaxTitle)), nil
		p.places = nil
	case "note":
		if len(p.items) > p.first {
			return p.note(t)
		}
	case "task":
		return p.add(p.task(t))
	case "", "meta", "view_style": // how Todoist shows the project
	default:
		i := item{row: t.line, reason: "rows of the type " + strconv.Quote(fault.Clip(kind)) + " are not known"}
		i.in.Title, i.in.IdempotencyKey = input.Some(t.field("CONTENT")), key(todoistFormat, "row", strconv.Itoa(t.line))
		return p.add(i)
	}
	return nil
}

func (p *todoist) end() {}

func (p *todoist) task(t *table) item {
	text := t.field("CONTENT")
	i := item{row: t.line}
	i.in.Description = input.Some(t.field("DESCRIPTION"))
	if title := strings.TrimSpace(strings.TrimPrefix(mention.ReplaceAllString(text, ""), "* ")); title != "" {
		i.in.Title = input.Some(title)
	} else { // nothing but labels
		i.in.Title = input.Some(text)
	}
	for _, match := range mention.FindAllStringSubmatch(text, maxTags) {
		i.tag(match[1])
	}
	if i.in.Category = input.Some(p.section); p.project != "" {
		i.in.Category = input.Some(p.project)
		i.keep("Section", p.section)
	}
	priority, known := todoistPriorities[t.field("PRIORITY")]
	if i.in.Priority = input.Some(priority); !known {
		i.in.Priority = input.Some(task.Medium)
		i.note("priority %q is not known; medium was taken", fault.Clip(t.field("PRIORITY")))
	}
	depth, _ := strconv.Atoi(t.field("INDENT"))
	depth = min(max(depth, 1)-1, len(p.above), maxIndent)
	if p.places = p.places[:depth]; depth > 0 {
		i.among = &relations{above: p.places[depth-1] + 1, title: strings.Join(p.above[:depth], " › ")}
	}
	p.places = append(slices.Clone(p.places), len(p.items))
	p.above = append(slices.Clone(p.above[:depth]), strings.Clone(cutTo(i.in.Title.Value, task.MaxTitle)))
	zone := p.user.Zone()
	if name := some(t.field("TIMEZONE")); name != "" {
		if named, known := namedZone(name); known {
			zone, i.in.TimeZone = named, named.String()
		} else {
			i.note("the time zone %q is not known; times were read in %s", fault.Clip(name), p.user.TimeZone)
		}
	}
	p.date(&i, t.field("DATE"), t.field("DATE_LANG"), zone)
	i.keep("Deadline", some(t.field("DEADLINE")))
	p.duration(&i, some(t.field("DURATION")), t.field("DURATION_UNIT"))
	i.keep("Assigned to", some(t.field("RESPONSIBLE")))
	// Rows have no id: the same row again is another task.
	i.in.IdempotencyKey = p.alike(append([]string{p.section, strings.Join(p.above, "\x01")}, t.record...)...)
	return i
}

// some is a value that Todoist writes as None where there is none.
func some(value string) string {
	if value == "None" {
		return ""
	}
	return value
}

// date reads a date as a person writes it in Todoist. What cannot be read is kept.
func (p *todoist) date(i *item, text, language string, zone *time.Location) {
	if text == "" {
		return
	}
	when, ok := phrase.Read(text, language, p.now.In(zone))
	if !ok {
		i.line("Date in Todoist: " + text)
		i.note("the date %q could not be read; it stands in the description", fault.Clip(text))
		return
	}
	i.in.DueDate = input.Some(when.Due)
	if when.NextYear {
		i.note("the date %q names no year and has passed in this one, so the next was taken: %s", fault.Clip(text), when.Due)
	}
	if when.Rule != "" {
		i.in.RecurrenceRule, i.in.RecurrenceBase = input.Some(when.Rule), input.Some(task.FromDue)
		if when.FromCompletion {
			i.in.RecurrenceBase = input.Some(task.FromCompletion)
		}
	}
	if when.AllDay {
		i.in.TimeZone = "" // a day is the same everywhere
	}
}

// duration reads how long the task takes.
func (p *todoist) duration(i *item, text, unit string) {
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
	case err == nil && n > 0 && n <= task.MaxEstimate && strings.EqualFold(unit, "minute"):
		i.in.EstimateMinutes = input.Some(n)
	default:
		i.keep("Duration", text+" "+unit)
	}
}

// note gives the last task a comment. A file that was added to it stands behind the text,
// as JSON.
func (p *todoist) note(t *table) error {
	text, author := t.field("CONTENT"), userID.ReplaceAllString(t.field("AUTHOR"), "")
	if text == "" {
		return nil
	}
	if err := p.commented(1); err != nil {
		return err
	}
	i := &p.items[len(p.items)-1]
	before := len(i.in.Comments)
	i.said(author, "Todoist", text, momentOf(t.field("DATE")))
	if match := attachment.FindStringSubmatch(text); match != nil && len(i.in.Comments) > before {
		if file, err := recordOf([]byte(match[2])); err == nil {
			one := &i.in.Comments[before]
			one.Text, one.Link = match[1], task.Link{URL: file.text("file_url"), Title: file.text("file_name")}
		}
	}
	return nil
}

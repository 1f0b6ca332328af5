package transfer

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// Todoist exports a project as a CSV file: rows of tasks, of sections, and of
// notes, which are the comments of the task above. Labels stand in the content
// as @label, priority 1 is the highest, indent counts from 1, and dates are as
// the person wrote them.
// https://www.todoist.com/help/articles/format-a-csv-file-to-import-into-todoist

var todoistPriorities = map[string]task.Priority{"1": task.Urgent, "2": task.High, "3": task.Medium, "4": task.Low, "": task.Medium}

var mention = regexp.MustCompile(`(?:^|\s)@([^\s@]+)`)

// importTodoist brings in a project. A section becomes the category of its tasks.
func (s *Service) importTodoist(ctx context.Context, user person.Settings, file []byte, dryRun bool) (Report, error) {
	items, err := s.readTodoist(user, file)
	if err != nil {
		return Report{}, err
	}
	return s.importAll(ctx, user, Report{Format: "todoist", DryRun: dryRun}, labels{}, items)
}

// project is a CSV file as it is read.
type project struct {
	column  map[string]int
	items   []item
	section string
	above   []string // titles of the tasks that the next one may be part of
	same    map[string]int
	today   clockFace
}

func (s *Service) readTodoist(user person.Settings, file []byte) ([]item, error) {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))))
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	head, err := reader.Read()
	p := &project{column: map[string]int{}, same: map[string]int{}, today: clockFace{s.now().In(user.Zone())}}
	for i, name := range head {
		p.column[strings.ToUpper(strings.TrimSpace(name))] = i
	}
	_, typed := p.column["TYPE"]
	_, content := p.column["CONTENT"]
	if err != nil || !typed || !content {
		return nil, fault.Invalid("body", "is not a CSV export of Todoist: its first line must name the columns, among them TYPE and CONTENT")
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return p.items, nil
		}
		if err != nil {
			return nil, fault.Invalid("body", "is not a CSV file: %s", fault.Clip(err.Error()))
		}
		line, _ := reader.FieldPos(0)
		p.read(line, func(name string) string {
			if i, ok := p.column[name]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		})
	}
}

// read reads a row, whose fields it gets by the names of their columns.
func (p *project) read(line int, field func(string) string) {
	switch strings.ToLower(field("TYPE")) {
	case "section":
		p.section, p.above = field("CONTENT"), nil
	case "note":
		if n := len(p.items); n > 0 && field("CONTENT") != "" {
			p.items[n-1].in.Description = strings.TrimSpace(p.items[n-1].in.Description + "\n\n" + field("CONTENT"))
		}
	case "task":
		p.items = append(p.items, p.task(line, field))
	case "", "meta", "view_style": // how Todoist shows the project
	default:
		p.items = append(p.items, item{row: line, in: task.Import{AddInput: task.AddInput{Title: field("CONTENT"), IdempotencyKey: key("todoist", "row", strconv.Itoa(line))}}, reason: "rows of the type " + strconv.Quote(fault.Clip(field("TYPE"))) + " are not known"})
	}
}

func (p *project) task(line int, field func(string) string) item {
	content := field("CONTENT")
	i := item{row: line, in: task.Import{AddInput: task.AddInput{Description: field("DESCRIPTION"), Category: p.section}}}
	i.in.Title = strings.TrimSpace(strings.TrimPrefix(mention.ReplaceAllString(content, " "), "* "))
	for _, match := range mention.FindAllStringSubmatch(content, -1) {
		i.tag(match[1])
	}
	priority, known := todoistPriorities[field("PRIORITY")]
	if i.in.Priority = priority; !known {
		i.in.Priority = task.Medium
		i.notes = append(i.notes, "priority "+strconv.Quote(fault.Clip(field("PRIORITY")))+" is not known; medium was taken")
	}
	depth, _ := strconv.Atoi(field("INDENT"))
	depth = min(max(depth, 1)-1, len(p.above))
	if depth > 0 {
		i.in.Description = strings.TrimSpace("Part of: " + strings.Join(p.above[:depth], " › ") + "\n\n" + i.in.Description)
	}
	p.above = append(slices.Clone(p.above[:depth]), i.in.Title)
	if zone := field("TIMEZONE"); zone != "" {
		if _, err := person.LoadZone("TIMEZONE", zone); err == nil {
			i.in.TimeZone = zone
		}
	}
	p.date(&i, field("DATE"))
	if deadline := field("DEADLINE"); deadline != "" {
		i.in.Description = strings.TrimSpace(i.in.Description + "\n\nDeadline: " + deadline)
	}
	// Rows have no id: the same row again in the file is another task.
	identity := strings.Join([]string{p.section, strings.Join(p.above, "\x01"), content, field("DATE")}, "\x00")
	p.same[identity]++
	i.in.IdempotencyKey = key("todoist", identity, strconv.Itoa(p.same[identity]))
	i.shorten()
	return i
}

// date reads a date as a person writes it in Todoist. What cannot be read is
// kept in the description.
func (p *project) date(i *item, text string) {
	if text == "" {
		return
	}
	when, ok := p.today.read(text)
	if !ok {
		i.in.Description = strings.TrimSpace(i.in.Description + "\n\nDate in Todoist: " + text)
		i.notes = append(i.notes, "the date "+strconv.Quote(fault.Clip(text))+" could not be read; it stands in the description")
		return
	}
	i.in.DueDate, i.in.RecurrenceRule, i.in.RecurrenceBase = when.due, when.rule, when.base
}

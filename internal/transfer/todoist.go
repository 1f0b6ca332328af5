package transfer

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// Todoist exports a project as a CSV file: rows of tasks, of sections, and of
// notes, which are the comments of the task above. Labels stand in the content
// as @label, priority 1 is the highest, indent counts from 1, and dates are as
// the person wrote them.
// https://www.todoist.com/help/articles/format-a-csv-file-to-import-into-todoist

var todoistPriorities = map[string]task.Priority{"1": task.Urgent, "2": task.High, "3": task.Medium, "4": task.Low, "": task.Medium}

const (
	maxColumns = 100
	// maxIndent is how deep tasks may be part of each other; Todoist has four levels.
	maxIndent = 8
)

var mention = regexp.MustCompile(`(?:^|\s)@([^\s@]+)`)

// project is a CSV file as it is read.
type project struct {
	content
	column  map[string]int
	section string
	above   []string // titles of the tasks that the next one may be part of
	same    map[[sha256.Size]byte]int
	today   clockFace
	// comments of the last task are put together before they go into its
	// description: each may be a few letters, and there may be very many.
	comments strings.Builder
}

// readTodoist reads a project. A section becomes the category of its tasks.
func (s *Service) readTodoist(user person.Settings, f *file) (content, error) {
	f.entry()
	text := bufio.NewReader(f)
	if mark, _ := text.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = text.Discard(3)
	}
	reader := csv.NewReader(text)
	reader.FieldsPerRecord, reader.LazyQuotes, reader.ReuseRecord = -1, true, true
	p := &project{content: content{format: "todoist"}, column: map[string]int{}, same: map[[sha256.Size]byte]int{}, today: clockFace{s.now().In(user.Zone())}}
	for rows := 0; ; rows++ {
		f.entry()
		record, err := reader.Read()
		if err == nil && len(record) > maxColumns {
			err = fault.Invalid("body", "has a row of more than %d columns", maxColumns)
		}
		switch {
		case rows == 0 && (f.err != nil || errors.Is(err, errLongEntry)):
			return content{}, f.refuse(err, "%s")
		case rows == 0 && (err != nil || !p.head(record)):
			return content{}, fault.Invalid("body", "is not a CSV export of Todoist: its first line must name the columns, among them TYPE and CONTENT")
		case rows == 0:
			continue
		case errors.Is(err, io.EOF):
			p.commented()
			return p.content, nil
		}
		if err == nil {
			line, _ := reader.FieldPos(0)
			err = p.read(line, func(name string) string {
				if i, ok := p.column[name]; ok && i < len(record) {
					return strings.TrimSpace(record[i])
				}
				return ""
			})
		}
		if err != nil {
			return content{}, f.refuse(err, "is not a CSV file: %s")
		}
	}
}

// head reads the names of the columns, and tells whether they are those of Todoist.
func (p *project) head(names []string) bool {
	for i, name := range names {
		p.column[strings.ToUpper(strings.TrimSpace(name))] = i
	}
	_, typed := p.column["TYPE"]
	_, content := p.column["CONTENT"]
	return typed && content
}

// read reads a row, whose fields it gets by the names of their columns.
func (p *project) read(line int, field func(string) string) error {
	switch strings.ToLower(field("TYPE")) {
	case "section":
		p.section, p.above = cut(field("CONTENT")), nil
	case "note":
		if text := field("CONTENT"); len(p.items) > 0 && text != "" && p.comments.Len() <= maxEntry {
			p.comments.WriteString("\n\n" + text)
		}
	case "task":
		p.commented()
		return p.add(p.task(line, field))
	case "", "meta", "view_style": // how Todoist shows the project
	default:
		p.commented()
		return p.add(item{row: line, in: task.Import{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some(field("CONTENT"))}, IdempotencyKey: key("todoist", "row", strconv.Itoa(line))}}, reason: "rows of the type " + strconv.Quote(fault.Clip(field("TYPE"))) + " are not known"})
	}
	return nil
}

func (p *project) task(line int, field func(string) string) item {
	content := field("CONTENT")
	i := item{row: line, in: task.Import{AddInput: task.AddInput{Fields: task.Fields{Description: input.Some(field("DESCRIPTION")), Category: input.Some(p.section)}}}}
	i.in.Title = input.Some(strings.TrimSpace(strings.TrimPrefix(mention.ReplaceAllString(content, " "), "* ")))
	for _, match := range mention.FindAllStringSubmatch(content, label.MaxTagsPerTask+maxNotes) {
		i.tag(match[1])
	}
	priority, known := todoistPriorities[field("PRIORITY")]
	if i.in.Priority = input.Some(priority); !known {
		i.in.Priority = input.Some(task.Medium)
		i.note("priority " + strconv.Quote(fault.Clip(field("PRIORITY"))) + " is not known; medium was taken")
	}
	depth, _ := strconv.Atoi(field("INDENT"))
	depth = min(max(depth, 1)-1, len(p.above), maxIndent)
	if depth > 0 {
		i.in.Description = input.Some(strings.TrimSpace("Part of: " + cut(strings.Join(p.above[:depth], " › ")) + "\n\n" + i.in.Description.Value))
	}
	p.above = append(slices.Clone(p.above[:depth]), cut(i.in.Title.Value))
	if zone := field("TIMEZONE"); zone != "" {
		if _, err := person.LoadZone("TIMEZONE", zone); err == nil {
			i.in.TimeZone = zone
		}
	}
	p.date(&i, field("DATE"))
	if deadline := field("DEADLINE"); deadline != "" {
		i.describe("Deadline: " + deadline)
	}
	// Rows have no id: the same row again in the file is another task.
	identity := sha256.Sum256([]byte(strings.Join([]string{p.section, strings.Join(p.above, "\x01"), content, field("DATE")}, "\x00")))
	p.same[identity]++
	i.in.IdempotencyKey = key("todoist", string(identity[:]), strconv.Itoa(p.same[identity]))
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
		i.describe("Date in Todoist: " + text)
		i.note("the date " + strconv.Quote(fault.Clip(text)) + " could not be read; it stands in the description")
		return
	}
	i.in.DueDate, i.in.RecurrenceRule, i.in.RecurrenceBase = input.Some(when.due), input.Some(when.rule), input.Some(when.base)
}

// commented gives the last task its comments.
func (p *project) commented() {
	if p.comments.Len() > 0 {
		p.items[len(p.items)-1].describe(p.comments.String())
		p.comments.Reset()
	}
}

// describe adds a paragraph to the description, until that is too long anyway.
func (i *item) describe(text string) {
	if len(i.in.Description.Value) <= maxEntry {
		i.in.Description = input.Some(strings.TrimSpace(i.in.Description.Value + "\n\n" + strings.TrimSpace(text)))
	}
}

// cut shortens what each task below repeats.
func cut(name string) string {
	if runes := []rune(name); len(runes) > task.MaxTitle {
		return string(runes[:task.MaxTitle])
	}
	return name
}

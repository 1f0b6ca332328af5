package transfer

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

// Lists in Markdown, or in plain text with a mark before each item, as editors and
// programs for notes keep them: - [ ] Buy milk. A heading is the category of what comes
// below it, an indented item is part of the one above, and other text describes it.
// https://github.github.com/gfm/#task-list-items-extension-

const checklistFormat = "checklist"

var (
	listHeading = regexp.MustCompile(`^#{1,6}\s+(.+?)\s*#*$`)
	listItem    = regexp.MustCompile(`^([ \t]*)(?:(?:[-*+•]|\d{1,3}[.)])\s+(?:\[([ xX✓✔-])\]\s+)?|\[([ xX✓✔-])\]\s+)(\S.*)$`)
	// listBlank is an item without text, as editors leave one at the end, or a line that
	// divides.
	listBlank = regexp.MustCompile(`^[ \t]*(?:(?:[-*+•]|\d{1,3}[.)])?(?:\s*\[[ xX✓✔-]?\])?|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$`)
	// listDue is the due date as Obsidian and todo.txt write it.
	listDue = regexp.MustCompile(`\s*(?:📅|\bdue:)\s*(\d{4}-\d{2}-\d{2})\b`)
)

// beginsList tells whether a text begins as a list does, behind what programs for notes
// keep above it between two lines of ---.
func beginsList(begin []byte) bool {
	above := false
	for line := range strings.Lines(string(begin)) {
		switch line = strings.TrimRight(line, " \t\r\n"); {
		case line == "---":
			above = !above
		case line != "" && !above:
			return listItem.MatchString(line) || listHeading.MatchString(line)
		}
	}
	return false
}

// checklist is a list as it is read.
type checklist struct {
	*content
	heading string
	above   []listed // the items that the next one may be part of
}

type listed struct{ indent, place int }

func readChecklist(f *file, c *content) error {
	c.format = checklistFormat
	p := &checklist{content: c}
	reader := bufio.NewReader(f)
	for row := 1; ; row++ {
		f.entry()
		line, err := reader.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return f.refuse(err, "is not a list: %s")
		}
		if added := p.line(row, strings.TrimRight(line, " \t\n")); added != nil {
			return f.refuse(added, "is not a list: %s")
		}
		switch {
		case err == nil:
		case f.err == nil && len(p.items) == 0:
			return fault.Invalid("body", "is a list without items: each begins with a dash, such as - [ ] Buy milk")
		default:
			return f.err
		}
	}
}

func (p *checklist) line(row int, line string) error {
	if m := listHeading.FindStringSubmatch(line); m != nil {
		p.heading, p.above = cutTo(m[1], task.MaxTitle), nil
		return nil
	}
	if listBlank.MatchString(line) {
		return nil
	}
	m := listItem.FindStringSubmatch(line)
	switch {
	case m != nil:
	case len(p.items) > 0:
		p.items[len(p.items)-1].describe(line)
		return nil
	default:
		p.note("left out, since it stands before the first item: %s", cutTo(line, 100))
		return nil
	}
	indent := len(strings.ReplaceAll(m[1], "\t", "    "))
	for len(p.above) > 0 && p.above[len(p.above)-1].indent >= indent {
		p.above = p.above[:len(p.above)-1]
	}
	i := item{row: row}
	title := m[4]
	if due := listDue.FindStringSubmatch(title); due != nil {
		if day, err := time.Parse(time.DateOnly, due[1]); err == nil {
			i.dueOn(day)
			title = strings.TrimSpace(strings.Replace(title, due[0], "", 1))
		}
	}
	i.in.Title, i.in.Category, i.in.Priority = input.Some(title), input.Some(p.heading), input.Some(task.Medium)
	if title == "" {
		i.untitled()
	}
	whole := ""
	if len(p.above) > 0 && len(p.above) <= maxIndent {
		place := p.above[len(p.above)-1].place
		whole = p.items[place-1].in.IdempotencyKey
		i.relations().above = place
	}
	switch strings.TrimSpace(m[2] + m[3]) {
	case "":
	case "-":
		i.done(nil)
		i.note("it was cancelled there, and counts as completed here")
	default:
		i.done(nil)
	}
	i.in.IdempotencyKey = p.alike(p.heading, whole, title, i.in.DueDate.Value)
	p.above = append(p.above, listed{indent, len(p.items) + 1})
	return p.add(i)
}

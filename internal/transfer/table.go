package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

const (
	// maxColumns bounds a row. Jira exports several hundred.
	maxColumns = 1000
	// maxBefore is how many rows may stand before the names of the columns: TickTick
	// writes when and by whom the file was made.
	maxBefore = 20
)

// table is a CSV file as it is read: a row after the other, its fields by the names of
// their columns.
type table struct {
	column map[string]int
	record []string
	line   int
	above  []string // what stands above the names of the columns
}

// field is a field of the present row, "" if it has none.
func (t *table) field(name string) string {
	if i, ok := t.column[name]; ok && i < len(t.record) {
		return strings.TrimSpace(t.record[i])
	}
	return ""
}

func (t *table) names(columns ...string) bool {
	for _, name := range columns {
		if _, there := t.column[name]; !there {
			return false
		}
	}
	return true
}

// rows reads the rows of a table.
type rows interface {
	row(t *table) error
	// end comes after the last row.
	end()
}

// readTable reads a CSV file of Todoist or TickTick, or any whose headings are known.
// Values are separated by commas, semicolons, tabs or bars.
func (s *Service) readTable(user person.Settings, f *file, text *bufio.Reader, c *content) error {
	begin, _ := text.Peek(longLook)
	f.entry()
	quoted := &quotes{from: f}
	reader := csv.NewReader(quoted)
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes, reader.ReuseRecord = separator(string(begin)), -1, true, true
	t := &table{}
	var program rows
	for n := 0; ; n++ {
		f.entry()
		record, err := reader.Read()
		if err == nil && len(record) > maxColumns {
			err = fault.Invalid("body", "has a row of more than %d columns", maxColumns)
		}
		unknown := program == nil && (n == maxBefore || errors.Is(err, io.EOF))
		switch {
		case unknown && f.err == nil:
			return fault.Invalid("body", "is no table of tasks that is known here: within its first %d lines one must name the columns, one of them the titles, such as Task, Title, Aufgabe, Tâche or Tarea, and one what tasks have, such as Due date, Done, Status or Priority", maxBefore).WithHint("write such a line above the tasks, for example: Task,Due date,Priority,Project,Tags,Notes,Done; of a plain list begin each line with - and a blank")
		case errors.Is(err, io.EOF) && f.err == nil:
			program.end()
			return nil
		case err != nil:
			return f.refuse(err, "is not a CSV file: %s")
		}
		t.record = record
		if program == nil {
			if program = s.head(user, t, reader.Comma, c); program == nil {
				if text := strings.TrimSpace(strings.Join(strings.Fields(strings.Join(record, " ")), " ")); text != "" {
					t.above = append(t.above, cutTo(text, 100))
				}
			}
			continue
		}
		t.line, _ = reader.FieldPos(0)
		if quoted.open && slices.ContainsFunc(record, func(field string) bool { return strings.Contains(field, "\n") }) {
			c.note("a quotation mark is not closed: what comes behind row %d may have become part of its text", t.line)
		}
		if err := program.row(t); err != nil {
			return f.refuse(err, "is not a CSV file: %s")
		}
	}
}

// quotes passes a CSV file on, and knows at its end whether a quotation mark is open.
type quotes struct {
	from io.Reader
	odd  bool
	open bool
}

func (q *quotes) Read(p []byte) (int, error) {
	n, err := q.from.Read(p)
	q.odd = q.odd != (bytes.Count(p[:n], []byte(`"`))%2 == 1)
	q.open = errors.Is(err, io.EOF) && q.odd
	return n, err
}

// head reads a row that may name the columns, and tells whose they are.
func (s *Service) head(user person.Settings, t *table, separator rune, c *content) rows {
	t.column = map[string]int{}
	for i, name := range t.record {
		t.column[strings.ToUpper(strings.Trim(strings.TrimSpace(name), "\ufeff"))] = i
	}
	switch {
	case t.names("TYPE", "CONTENT"):
		c.format = todoistFormat
		return newTodoist(c, user, s.now())
	case t.names("LIST NAME", "TITLE"):
		c.format = tickTickFormat
		return &tickTick{content: c, user: user, work: recurrence.NewWork(maxWork)}
	}
	if found, ok := headOf(t.record); ok {
		c.format = tableFormat
		return newSpreadsheet(c, user, s.now(), t, found, separator)
	}
	return nil
}

// separator is what separates the names of the columns: with it, the most of them are
// known.
func separator(begin string) rune {
	best, most, seen := ',', 0, 0
	for line := range strings.Lines(begin) {
		if seen++; seen > maxBefore {
			break
		}
		for _, one := range []rune{',', ';', '\t', '|'} {
			known := 0
			for name := range strings.SplitSeq(line, string(one)) {
				name = strings.Trim(strings.TrimSpace(name), "\ufeff\"")
				if _, there := knownHeadings()[heading(name)]; there || slices.Contains(ownHeadings, strings.ToUpper(name)) {
					known++
				}
			}
			if known > most {
				best, most = one, known
			}
		}
	}
	return best
}

// ownHeadings are those of Todoist and TickTick that no other table has.
var ownHeadings = []string{"TYPE", "CONTENT", "LIST NAME", "DATE_LANG", "INDENT", "FOLDER NAME"}

package transfer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/phrase"
	"tickler/internal/quickadd"
	"tickler/internal/task"
)

// Asana, Notion, OmniFocus, Trello, ClickUp, Jira, Linear and Outlook export tables whose
// headings differ and whose rows say the same, and people keep such tables themselves. One
// reader takes them all: headings.go tells what a column holds.

const tableFormat = "table"

var (
	shortID     = regexp.MustCompile(`^[\d.]{0,6}$`) // such as 12 or 1.2, which another file has too
	outline     = regexp.MustCompile(`^(\d+(?:\.\d+)*)\.\d+$`)
	linkBehind  = regexp.MustCompile(`\s*\((?:https?://[^()]*|[^()]*%20[^()]*|[^()]*\.md)\)`) // of Notion
	colorBehind = regexp.MustCompile(`\s+\((?:green|yellow|orange|red|purple|blue|sky|lime|pink|black|null)(?:_dark|_light)?\)$`)
	jiraComment = regexp.MustCompile(`^(?s)([^;\n]{6,40});([^;\n]*);(.+)$`)
)

// spreadsheet is a table as it is read. Its dates and relations are only known when all
// rows are.
type spreadsheet struct {
	*content
	user    person.Settings
	names   []string // of the columns, as they are written
	columns []known
	order   []int // of the columns: those that come first for what they hold first
	dates   cellDates
	rows    []cells
	places  map[string]int   // of ids among the items, from 1
	titled  map[string][]int // of titles
	above   []string         // what stands above the headings
	group   string           // of the present rows: Monday.com writes its name and the headings above each
	grouped bool
}

// cells are the values of a row by what they are, the first of each; others are kept.
type cells struct {
	place int // of the item
	found map[column]string
	group string
	alone bool // nothing but the title
}

func newSpreadsheet(c *content, user person.Settings, now time.Time, t *table, columns []known, separator rune) *spreadsheet {
	p := &spreadsheet{content: c, user: user, columns: columns, places: map[string]int{}, titled: map[string][]int{}, above: t.above}
	if len(p.above) > 0 {
		p.group = p.above[len(p.above)-1]
	}
	for _, name := range t.record {
		p.names = append(p.names, strings.Clone(strings.Trim(strings.TrimSpace(name), "\ufeff")))
	}
	p.dates = cellDates{user: user, now: now.In(user.Zone()), language: languageOf(columns), semicolons: separator == ';'}
	var useless []string
	for n, one := range columns {
		p.order = append(p.order, n)
		if one.column == uselessColumn {
			useless = append(useless, p.names[n])
		}
	}
	slices.SortStableFunc(p.order, func(a, b int) int { return cmp.Compare(columns[a].rank, columns[b].rank) })
	if len(useless) > 0 {
		c.note("these columns were left out: %s", strings.Join(useless, ", "))
	}
	return p
}

func (p *spreadsheet) row(t *table) error {
	if slices.EqualFunc(t.record, p.names, func(text, name string) bool { return strings.TrimSpace(text) == name }) {
		p.regroup()
		return nil
	}
	i := item{row: t.line}
	row := cells{place: len(p.items) + 1, found: map[column]string{}, group: p.group}
	var ids []string
	var kept []int // columns
	empty := true
	for _, n := range p.order {
		if n >= len(t.record) {
			continue
		}
		text := strings.TrimSpace(t.record[n])
		if emptyCell(text) {
			continue
		}
		empty = false
		one := p.columns[n].column
		_, taken := row.found[one]
		switch {
		case one == uselessColumn:
		case one == idColumn:
			ids = append(ids, text)
			row.found[one] = cmp.Or(row.found[one], text)
		case one == tagsColumn:
			p.tags(&i, text)
		case one == commentColumn:
			p.comment(&i, p.names[n], text)
		case one == blockersColumn:
			row.found[one] = strings.Trim(row.found[one]+"\n"+text, "\n")
		case one == "" || taken:
			if value := heading(text); value != "task" && value != "action" {
				kept = append(kept, n)
			}
		default:
			row.found[one] = text
		}
	}
	if empty {
		return nil
	}
	row.alone = len(row.found) == 1 && row.found[titleColumn] != "" && len(kept) == 0
	p.keep(&i, kept, t.record)
	p.words(&i, row.found)
	i.in.IdempotencyKey = p.identity(row.found[idColumn], t.record)
	for _, id := range ids {
		if _, there := p.places[id]; !there {
			p.places[id] = row.place
		}
	}
	title := i.in.Title.Value
	p.titled[title] = append(p.titled[title], row.place)
	for _, one := range []column{dueColumn, startColumn, createdColumn, doneColumn, reminderColumn} {
		p.dates.look(row.found[one])
	}
	p.rows = append(p.rows, row)
	return p.add(i)
}

// regroup begins another group of tasks: the headings are there again, below its name.
func (p *spreadsheet) regroup() {
	if len(p.rows) == 0 || !p.rows[len(p.rows)-1].alone {
		return
	}
	name := p.rows[len(p.rows)-1]
	p.group, p.grouped = p.items[name.place-1].in.Title.Value, true
	p.rows, p.items = p.rows[:len(p.rows)-1], p.items[:name.place-1]
	places := p.titled[p.group]
	p.titled[p.group] = places[:len(places)-1]
}

// keep puts the columns that have no field into the description.
func (p *spreadsheet) keep(i *item, columns []int, record []string) {
	slices.Sort(columns)
	var names []string
	for _, n := range columns {
		i.line(p.names[n] + ": " + strings.TrimSpace(record[n]))
		if !slices.Contains(names, p.names[n]) {
			names = append(names, p.names[n])
		}
	}
	if len(names) > 0 {
		i.note("%s: no field for this here; it stands in the description", strings.Join(names, ", "))
	}
	for n := len(p.columns); n < len(record); n++ {
		i.keep("Beyond the last column", record[n])
	}
}

// identity tells a row from others. An id that other files have too does not.
func (p *spreadsheet) identity(id string, record []string) string {
	if _, twice := p.places[id]; twice || shortID.MatchString(id) {
		return p.alike(record...)
	}
	return key(tableFormat, "id", id)
}

// words reads what needs no other row.
func (p *spreadsheet) words(i *item, found map[column]string) {
	i.in.Title, i.in.Description = input.Some(linkBehind.ReplaceAllString(found[titleColumn], "")), input.Some(found[descriptionColumn])
	if i.in.Title.Value == "" {
		i.untitled()
	}
	if name := linkBehind.ReplaceAllString(found[categoryColumn], ""); name != "" && !strings.EqualFold(name, "Inbox") {
		i.in.Category = input.Some(name)
	}
	i.in.Priority = input.Some(task.Medium)
	if text := found[priorityColumn]; text != "" {
		switch p, known, figure := priority(text); {
		case !known:
			i.keep("Priority", text)
		default:
			if i.in.Priority = input.Some(p); figure {
				i.note("priority %s was read as %s, with 1 as the highest", text, p)
			}
		}
	}
	if text := found[starColumn]; text != "" {
		switch set, known := flag(text); {
		case !known:
			i.keep("Flag", text)
		case set && i.in.Priority.Value != task.Urgent:
			i.in.Priority = input.Some(task.High)
		}
	}
	if text := found[estimateColumn]; text != "" && strings.Trim(text, "0.") != "" {
		if minutes, ok := quickadd.Minutes(text); ok && strings.ContainsFunc(text, func(r rune) bool { return r > '9' }) {
			i.in.EstimateMinutes = input.Some(minutes)
		} else {
			i.keep("Estimate", text)
		}
	}
	if text := found[recurrenceColumn]; text != "" {
		set, known := flag(text)
		rule, ok := phrase.Rule(text)
		switch {
		case ok:
			i.recurs(rule)
		case strings.Contains(strings.ToUpper(text), "FREQ="):
			i.recurs(strings.TrimPrefix(strings.ToUpper(text), "RRULE:"))
		case known && !set:
		default:
			i.keep("Recurrence", text)
		}
	}
}

func (p *spreadsheet) tags(i *item, text string) {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	for tag := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '|' }) {
		tag = linkBehind.ReplaceAllString(strings.TrimSpace(tag), "")
		i.tag(strings.TrimLeft(colorBehind.ReplaceAllString(tag, ""), "#@"))
	}
}

// comment reads a comment: of Jira with when and by whom it was made.
func (p *spreadsheet) comment(i *item, name, text string) {
	if m := jiraComment.FindStringSubmatch(text); m != nil {
		if at := p.dates.moment(m[1]); at != nil {
			i.said(m[2], "Jira", m[3], at)
			return
		}
	}
	i.said("", name, text, nil)
}

// end reads dates and relations, now that all rows are known.
func (p *spreadsheet) end() {
	for _, row := range p.rows {
		i := &p.items[row.place-1]
		p.due(i, row.found)
		p.done(i, row.found)
		p.reminds(i, row.found)
		if text := row.found[createdColumn]; text != "" {
			if i.in.CreatedAt = p.dates.moment(text); i.in.CreatedAt == nil {
				i.keep("Created", text)
			}
		}
		p.relatives(i, row)
		if p.grouped && i.in.Category.Value == "" {
			i.in.Category = input.Some(row.group)
		}
	}
	if p.grouped && len(p.above) > 0 {
		p.above = p.above[:len(p.above)-1]
	}
	if len(p.above) > 0 {
		p.note("left out, since it stands above the headings: %s", cutTo(strings.Join(p.above, "; "), 500))
	}
	if p.dates.order != "" {
		p.note("in dates such as %s either number could be the month, and nothing in the file tells; write them as 2027-06-05 if that is wrong", p.dates.order)
	}
	if p.dates.serial != "" {
		p.note("numbers were read as the days of Excel, such as %s", p.dates.serial)
	}
	p.rows = nil
}

// relatives finds what the task is part of, and what it waits for, by their ids or titles.
func (p *spreadsheet) relatives(i *item, row cells) {
	name := linkBehind.ReplaceAllString(row.found[parentColumn], "")
	if m := outline.FindStringSubmatch(row.found[idColumn]); name == "" && m != nil && p.places[m[1]] != 0 {
		name = m[1] // 1.2 is part of 1
	}
	if name != "" {
		if place := p.place(name, row.place); place != 0 {
			i.relations().above, i.relations().title = place, p.items[place-1].in.Title.Value
		} else {
			i.partOf(name)
		}
	}
	blockers := row.found[blockersColumn]
	if blockers == "" {
		return
	}
	var others []string // that are not known, or too many
	known := i.relations()
	for one := range strings.FieldsFuncSeq(linkBehind.ReplaceAllString(blockers, ""), func(r rune) bool { return r == ',' || r == '\n' }) {
		one = strings.TrimSpace(one)
		switch place := p.place(one, row.place); {
		case slices.Contains(known.blockers, place):
		case place != 0 && len(known.blockers) < task.MaxBlockers:
			known.blockers = append(known.blockers, place)
		default:
			others = append(others, one)
		}
	}
	i.keep("Blocked by", strings.Join(others, ", "))
}

// place is that of another task, by its id or its title: of several, the next above.
func (p *spreadsheet) place(name string, self int) int {
	if place := p.places[name]; place != 0 && place != self {
		return place
	}
	titled := p.titled[name] // from above
	switch n, itself := slices.BinarySearch(titled, self); {
	case n > 0:
		return titled[n-1]
	case itself && len(titled) > 1:
		return titled[1]
	case !itself && len(titled) > 0:
		return titled[0]
	}
	return 0
}

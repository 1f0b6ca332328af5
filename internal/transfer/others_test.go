package transfer_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"tickler/internal/fault"
	"tickler/internal/task"
)

func tags(one *task.Task) (names []string) {
	for _, tag := range one.Tags {
		names = append(names, tag.Name)
	}
	return names
}

func reminders(b *bundle, one *task.Task) (all []string) {
	for _, at := range one.ReminderTimes {
		all = append(all, at.In(b.ann.Zone()).Format("2006-01-02 15:04"))
	}
	return all
}

// others imports a file of another program: tried, once, and once again.
func others(t *testing.T, b *bundle, kind, file, format string, created int) (map[string]*task.Task, map[string][]string) {
	t.Helper()
	report := b.requireOnce(t, kind, file, created)
	require.Equal(t, format, report.Format)
	notes := map[string][]string{}
	for _, row := range report.Rows {
		notes[row.Title] = row.Notes
	}
	return b.all(t, b.ann), notes
}

func TestTickTickIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "text/csv", testdata(t, "ticktick.csv"), "ticktick", 5)
	basil, soil, standup, old := found["Repot the basil"], found["Buy soil"], found["Stand-up"], found["Old"]
	require.Equal(t, "2026-03-05", basil.Day(), "midnight in its zone")
	require.Equal(t, []string{"2026-03-05 09:00"}, reminders(b, basil))
	require.Equal(t, task.High, basil.Priority)
	require.Equal(t, "Garden", basil.Category.Name)
	require.Equal(t, []string{"garden", "weekend"}, tags(basil))
	require.Equal(t, "Use the big pot\n\nFolder: Home", basil.Description)
	require.Equal(t, 2026, basil.CreatedAt.Year())
	require.Equal(t, task.Low, soil.Priority)
	require.Equal(t, basil.ID, *soil.ParentID)
	require.Equal(t, "America/New_York", standup.TimeZone)
	require.Equal(t, "2026-03-03T15:00:00Z", standup.DueDate.Format(time.RFC3339))
	require.Equal(t, "FREQ=WEEKLY;BYDAY=TU", standup.Recurrence.Rule)
	require.Equal(t, []int{90}, standup.ReminderOffsets, "half an hour before the start")
	require.Contains(t, standup.Description, "Part of the rule: TT_SKIP=HOLIDAY")
	require.Contains(t, standup.Description, "Start: 2026-03-03 09:00")
	require.Nil(t, standup.Category)
	require.True(t, old.Completed())
	require.Equal(t, "- [x] one\n- [ ] two", old.Description)
	require.Contains(t, found["Dropped"].Description, "Start date: someday")
	require.Contains(t, notes["Dropped"], `the time zone "Nowhere" is not known; times were read in Europe/Berlin`)
}

func TestGoogleTasksIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "application/json", testdata(t, "google.json"), "google-tasks", 4)
	fence, paint, plants, untitled := found["Paint the fence"], found["Buy paint"], found["Water the plants"], found["(no title)"]
	require.Equal(t, "2026-03-10", fence.Day())
	require.Equal(t, "white\n\nLink: Offer https://mail.example.org/1", fence.Description)
	require.Equal(t, "Household", fence.Category.Name)
	require.Equal(t, "2026-02-03T10:00:00Z", paint.CompletedAt.Format(time.RFC3339))
	require.Equal(t, found["Paint the fence"].ID, *paint.ParentID)
	require.Equal(t, "2026-03-11T10:30:00Z", plants.DueDate.Format(time.RFC3339))
	require.Equal(t, task.High, plants.Priority)
	require.Contains(t, notes["Water the plants"], "it recurs, but by which rule Google does not export")
	require.Contains(t, untitled.Description, "Due: soon")
	require.Contains(t, notes["(no title)"], "left out: assignee")
}

func TestMicrosoftToDoIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "application/json", testdata(t, "microsoft.json"), "microsoft-todo", 3)
	tax, report, done := found["Tax return"], found["Report"], found["Done"]
	require.Equal(t, "2026-03-10", tax.Day(), "midnight in Berlin, written in UTC")
	require.Equal(t, []string{"2026-03-09 17:00"}, reminders(b, tax))
	require.Equal(t, task.High, tax.Priority)
	require.Equal(t, []string{"Blue category", "Money"}, tags(tax))
	require.Nil(t, tax.Category, "the list that everybody has is none")
	require.Contains(t, tax.Description, "See the form (https://example.org/tax)\n\n- one\n- two")
	require.Contains(t, tax.Description, "- [x] find the papers\n- [ ] send it")
	require.Contains(t, tax.Description, "Link: Mail https://example.org/mail")
	require.Contains(t, tax.Description, "Status: inprogress")
	require.Contains(t, notes["Tax return"], "left out: newThing")
	require.Equal(t, "Work", report.Category.Name)
	require.Equal(t, "2026-03-03", report.Day())
	require.Equal(t, "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,FR;UNTIL=20260630", report.Recurrence.Rule)
	require.Equal(t, []string{"2026-03-03 09:00"}, reminders(b, report))
	require.True(t, done.Completed())
}

func TestTasksOrgIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "application/json", testdata(t, "tasksorg.json"), "tasks-org", 2)
	ship, part := found["Ship it"], found["Part"]
	require.Equal(t, "2026-03-10T09:00:00Z", ship.DueDate.Format(time.RFC3339))
	require.Equal(t, task.High, ship.Priority)
	require.Equal(t, "Projects", ship.Category.Name)
	require.Equal(t, []string{"ship"}, tags(ship))
	require.Equal(t, 90, *ship.EstimateMinutes)
	require.Equal(t, task.FromCompletion, ship.Recurrence.Base)
	require.Equal(t, []string{"2026-03-10 09:00"}, reminders(b, ship), "an hour before, and the moment that is that too")
	for _, line := range []string{"with care", "Location: p1", "Time spent: 10m0s", "Start: 2026-03-08 07:06"} {
		require.Contains(t, ship.Description, line)
	}
	require.Equal(t, "ask Jim", b.said(t, b.ann, ship.ID)[0].Text)
	require.Contains(t, notes["Ship it"], "left out: 1 attachments")
	require.True(t, part.AllDay)
	require.True(t, part.Completed())
	require.Equal(t, found["Ship it"].ID, *part.ParentID)
}

func TestVikunjaIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "application/json", testdata(t, "vikunja.json"), "vikunja", 2)
	mow, fuel := found["Mow"], found["Fuel"]
	require.Equal(t, "2026-03-10T16:00:00Z", mow.DueDate.Format(time.RFC3339))
	require.Equal(t, []string{"2026-03-09 16:00", "2026-03-10 16:00"}, reminders(b, mow))
	require.Equal(t, "FREQ=WEEKLY", mow.Recurrence.Rule)
	require.Equal(t, task.FromCompletion, mow.Recurrence.Base)
	require.Equal(t, task.Urgent, mow.Priority)
	require.Equal(t, []string{"outside"}, tags(mow))
	require.Equal(t, "Garden", mow.Category.Name)
	for _, line := range []string{"Both sides", "Start: 2026-03-09 09:00", "Done so far: 25 %", "Assigned to: jim", "Blocked by: Repair"} {
		require.Contains(t, mow.Description, line)
	}
	require.Equal(t, []string{"wet grass", "jim"}, []string{b.said(t, b.ann, mow.ID)[0].Text, b.said(t, b.ann, mow.ID)[0].Author})
	require.Contains(t, notes["Mow"], "left out: 1 attachments")
	require.True(t, fuel.Completed())
	require.Equal(t, found["Mow"].ID, *fuel.ParentID)
	require.Contains(t, fuel.Description, "Recurrence: every 5 seconds")
}

func TestTodoistOfEuropeIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "text/csv", testdata(t, "todoist-lost.csv"), "todoist", 3)
	flowers, pills, bill := found["Blumen gießen"], found["Antibiotika"], found["Rechnung"]
	require.Equal(t, "2026-03-02T18:00:00+01:00", flowers.FormatDue(b.ann))
	require.Equal(t, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", flowers.Recurrence.Rule)
	require.Equal(t, 15, *flowers.EstimateMinutes)
	require.Equal(t, "FREQ=HOURLY;INTERVAL=12", pills.Recurrence.Rule)
	require.Equal(t, "2027-06-05", bill.Day())
	require.Contains(t, bill.Description, "Deadline: 2027-06-30")
	require.Contains(t, bill.Description, "Duration: 2 day")
	require.Contains(t, bill.Description, "Assigned to: Jim (2)")
	require.Contains(t, notes["Rechnung"], `the time zone "Mars/Base" is not known; times were read in Europe/Berlin`)
}

func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var text bytes.Buffer
	archive := zip.NewWriter(&text)
	for n := 0; n < len(files); n += 2 {
		entry, err := archive.Create(files[n])
		require.NoError(t, err)
		_, err = entry.Write([]byte(files[n+1]))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return text.String()
}

func TestBackupOfTodoistIsImported(t *testing.T) {
	b := setup(t)
	head := "TYPE,CONTENT,DESCRIPTION\n"
	file := zipped(t, "Work [2203].csv", head+"section,Meetings,\ntask,Weekly review,of the team\nnote,bring cake,\n", "Home [2204].csv", head+"task,Weekly review,of the money\ntask,Same,\n", "Inbox [1].csv", head+"task,Same,\n", "readme.txt", "x", "__MACOSX/._x.csv", "x")
	report := b.bring(t, b.ann, "application/zip", file, false)
	require.Equal(t, 4, report.Created, "%+v", report)
	var seen []string
	for _, one := range b.everything(t, b.ann) {
		category := ""
		if one.Category != nil {
			category = one.Category.Name
		}
		seen = append(seen, strings.Join([]string{category, one.Title, one.Description}, "|"))
	}
	require.ElementsMatch(t, []string{"Home|Weekly review|of the money", "Home|Same|", "|Same|", "Work|Weekly review|of the team\n\nSection: Meetings"}, seen)
	require.Zero(t, b.bring(t, b.ann, "application/octet-stream", file, false).Created)
	require.Equal(t, 2, b.bring(t, b.bob, "application/zip", zipped(t, "VERSION", "0.24", "data.json", testdata(t, "vikunja.json"), "filters.json", "[]"), false).Created)
}

func TestTwoTasksThatAreNotTheSameAreBothImported(t *testing.T) {
	b := setup(t)
	for _, description := range []string{"of the team", "of the money"} {
		require.Equal(t, 1, b.bring(t, b.ann, "text/csv", "TYPE,CONTENT,DESCRIPTION\ntask,Weekly review,"+description+"\n", false).Created)
		file := "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:Review\nDESCRIPTION:" + description + "\nEND:VTODO\nEND:VCALENDAR\n"
		require.Equal(t, 1, b.bring(t, b.ann, "text/calendar", file, false).Created)
		require.Zero(t, b.bring(t, b.ann, "text/calendar", file, false).Created)
	}
	require.Len(t, b.everything(t, b.ann), 4)
}

func TestEncodingIsFoundOut(t *testing.T) {
	b := setup(t)
	text := "TYPE,CONTENT\r\ntask,Müll\r\n"
	encode := func(encoded string, err error) string {
		require.NoError(t, err)
		return encoded
	}
	for n, c := range []struct{ text, note string }{
		{"\xef\xbb\xbf" + text, ""},
		{encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)), "UTF-16"},
		{encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)), "UTF-16"},
		{encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(text)), "UTF-16"},
		{encode(charmap.Windows1252.NewEncoder().String(text)), "Windows-1252"},
	} {
		report := b.bring(t, b.ann, "text/csv", c.text, true)
		require.Len(t, report.Rows, 1, n)
		require.Equal(t, "Müll", report.Rows[0].Title, n)
		require.Contains(t, strings.Join(report.Notes, ""), c.note, n)
		require.Equal(t, c.note == "", len(report.Notes) == 0, n)
	}
}

func TestOneFieldThatDoesNotFitNeverCostsTheTask(t *testing.T) {
	b := setup(t)
	long := strings.Repeat("é", 11_000)
	for n, c := range []struct{ kind, file, kept, note string }{
		{"text/csv", "TYPE,CONTENT\nsection," + strings.Repeat("s", 60) + "\ntask,a\n", "Category: " + strings.Repeat("s", 60), "category has 60 characters"},
		{"text/csv", "TYPE,CONTENT,DESCRIPTION\ntask,b," + long + "\n", "…", "the description was too long"},
		{"text/csv", "TYPE,CONTENT\ntask,c " + long[:2000] + "\n", long[:2000], "the title was too long"},
		{"text/csv", "TYPE,CONTENT,DESCRIPTION,DEADLINE\ntask,d," + long + ",2027-01-01\n", "…\n\nDeadline: 2027-01-01", "deadline could not be taken over"},
		{"text/csv", "TYPE,CONTENT\ntask,e @" + strings.Repeat("t", 40) + "\n", "Tags: " + strings.Repeat("t", 40), "tag has 40 characters"},
		{"text/csv", "TYPE,CONTENT\ntask,f @1 @2 @3 @4 @5 @6 @7 @8 @9 @10 @11\n", "Tags: 11", `tag "11" is one more than the 10`},
		{"text/csv", "TYPE,CONTENT,DATE\ntask,g,every 30 minutes\n", "Date in Todoist: every 30 minutes", "could not be read"},
		{"text/csv", "TYPE,CONTENT\ntask,h\x00i\n", "", "characters that are none"},
		{"text/calendar", todo("DUE;VALUE=DATE:20260310", "RRULE:FREQ=HOURLY;INTERVAL=12"), "Recurrence: FREQ=HOURLY;INTERVAL=12", "needs a start with a time of day"},
		{"text/calendar", strings.ReplaceAll(todo("DUE:20260310T090000", "RRULE:FREQ=DAILY;UNTIL=20200101"), "UID:1", "UID:2"), "Recurrence: FREQ=DAILY;UNTIL=20200101", "no occurrence"},
		{"text/calendar", strings.ReplaceAll(todo("DUE:99990310T090000", "RRULE:FREQ=MINUTELY"), "UID:1", "UID:3"), "Recurrence: FREQ=MINUTELY", "more often than once an hour"},
		{"application/json", `{"format":"tickler","version":1,"tasks":[{"id":1,"title":"x","priority":"extreme"}]}`, "Priority: extreme", "priority"},
		{"application/json", `{"format":"tickler","version":1,"tasks":[{"id":2,"title":"x","estimate_minutes":-5}]}`, "Estimate: -5 minutes", "estimate_minutes"},
		{"application/json", `{"format":"tickler","version":1,"tasks":[{"id":3,"title":"x","nag_minutes":1,"due_date":"2026-03-10"}]}`, "Nag: every 1 minutes", "nag"},
		{"application/json", `{"format":"tickler","version":1,"tasks":[{"id":4,"title":"x","time_zone":"Mars"}]}`, "Time zone: Mars", "time_zone"},
		{"application/json", `{"format":"tickler","version":1,"tasks":[{"id":5,"title":"x","reminder_offsets":[1,2,3,4,5,6,7,8,9,10,11]}]}`, "Reminders: [1 2 3", "reminder_offsets"},
	} {
		tried := b.bring(t, b.ann, c.kind, c.file, true)
		one, notes := b.only(t, b.ann, c.kind, c.file)
		require.Contains(t, one.Description, c.kept, n)
		require.Contains(t, strings.Join(notes, "\n"), c.note, n)
		require.Equal(t, notes, tried.Rows[0].Notes, n)
		require.LessOrEqual(t, len([]rune(one.Description)), task.MaxDescription)
	}
}

func TestFileThatCannotBeReadIsNamed(t *testing.T) {
	b := setup(t)
	bomb := zipped(t, "a.csv", "TYPE,CONTENT\n"+strings.Repeat(",\n", 9<<20))
	many := make([]string, 0, 6000)
	for range 2100 {
		many = append(many, "x.txt", "")
	}
	for file, want := range map[string]string{
		"\x1f\x8b\x08":                       "compressed with gzip",
		"%PDF-1.7":                           "a PDF",
		"SQLite format 3\x00":                "a database of SQLite",
		"<?xml version=\"1.0\"?><opml/>":     "HTML or XML",
		"\xff\xfe\x00\x00T\x00\x00\x00":      "UTF-32",
		"a,b\n1,2\n":                         "no table of tasks that is known here",
		`[{"x":1}]`:                          "a list of things that are not known here",
		`[1,2]`:                              "a list of things that are not known here",
		"PK\x03\x04broken":                   "no ZIP that can be read",
		zipped(t, "a.txt", "x"):              "without a file that can be imported",
		zipped(t, "[Content_Types].xml", ""): "a file of Excel",
		zipped(t, "a.csv", "x,y\n"):          "without a file that can be imported",
		bomb:                                 "unpacks to more than 16 MiB",
		zipped(t, many...):                   "more than 2000 files",
		"PK\x03\x04" + strings.Repeat("x", 9<<20): "a ZIP of more than 8 MiB",
	} {
		_, err := b.transfer.Import(b.ctx, b.ann, "application/octet-stream", strings.NewReader(file), false)
		var e *fault.Error
		require.ErrorAs(t, err, &e, "%.40q", file)
		require.Equal(t, "body", e.Field)
		require.Contains(t, e.Message, want)
	}
	nested := zipped(t, "inner.zip", zipped(t, "a.csv", "TYPE,CONTENT\ntask,x\n"), "../../a.csv", "TYPE,CONTENT\ntask,y\n")
	report := b.bring(t, b.ann, "application/zip", nested, false)
	require.Len(t, report.Rows, 1, "an archive in an archive is not opened, and a name leads nowhere")
	require.Equal(t, "y", report.Rows[0].Title)
}

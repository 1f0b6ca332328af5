package transfer_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/person"
	"tickler/internal/task"
)

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(text)
}

// todo is a calendar of one to-do.
func todo(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:x\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
}

func alarm(trigger string) string { return "BEGIN:VALARM\r\n" + trigger + "\r\nEND:VALARM" }

// only imports a file of one task, and reads it.
func (b *bundle) only(t *testing.T, user person.Settings, kind, file string) (*task.Task, []string) {
	t.Helper()
	report := b.bring(t, user, kind, file, false)
	require.Len(t, report.Rows, 1, "%+v", report)
	require.Equal(t, 1, report.Created, "%+v", report.Rows)
	one, err := b.tasks.Get(b.ctx, user, report.Rows[0].TaskID)
	require.NoError(t, err)
	return one, report.Rows[0].Notes
}

// notesOf are the notes of each row by its title.
func (b *bundle) notesOf(t *testing.T, kind, file string) map[string][]string {
	t.Helper()
	notes := map[string][]string{}
	for _, row := range b.bring(t, b.ann, kind, file, false).Rows {
		require.Equal(t, "created", row.Outcome, "%+v", row)
		notes[row.Title] = row.Notes
	}
	return notes
}

func TestZoneIsFoundByWhateverNamesIt(t *testing.T) {
	b := setup(t)
	notes := b.notesOf(t, "text/calendar", testdata(t, "zones.ics"))
	found := b.all(t, b.ann)
	for title, want := range map[string][2]string{
		"name of Windows":                {"2026-09-08T18:00:00Z", "America/New_York"},
		"path of a vendor":               {"2026-09-08T18:00:00Z", "America/New_York"},
		"in other letters":               {"2026-09-08T18:00:00Z", "America/New_York"},
		"name beside":                    {"2026-09-08T05:00:00Z", "Asia/Tokyo"},
		"rules that a zone has":          {"2026-09-08T18:00:00Z", "America/New_York"},
		"zone that is defined behind it": {"2026-09-08T21:00:00Z", "America/Los_Angeles"},
		"rules that no zone has":         {"2026-09-08T12:43:00Z", "Europe/Berlin"},
		"name as Windows shows it":       {"2026-09-08T12:00:00Z", "Europe/Amsterdam"},
		"hours from UTC":                 {"2026-09-08T11:00:00Z", "Etc/GMT-3"},
		"UTC":                            {"2026-09-08T14:00:00Z", "Europe/Berlin"},
		"unknown":                        {"2026-09-08T12:00:00Z", "Europe/Berlin"},
		"in other places":                {"2026-09-08T13:00:00Z", "America/New_York"},
	} {
		require.Contains(t, found, title)
		require.Equal(t, want[0], found[title].DueDate.Format(time.RFC3339), title)
		require.Equal(t, want[1], found[title].TimeZone, title)
	}
	require.Equal(t, "2026-02-01T13:00:00Z", found["in other places"].CompletedAt.Format(time.RFC3339))
	require.Equal(t, []string{`the zone "Atlantis" is not known; times were read in Europe/Berlin`}, notes["unknown"])
	require.Equal(t, []string{`the zone "Moon" has rules of its own; its times were converted to Europe/Berlin, in which a series repeats`}, notes["rules that no zone has"])
	for title, list := range notes {
		if title != "unknown" && title != "rules that no zone has" {
			require.Empty(t, list, title)
		}
	}
}

func TestStreamOfCalendarsIsReadWhole(t *testing.T) {
	b := setup(t)
	one := strings.ReplaceAll(todo("DUE;TZID=Here:20260310T090000"), "BEGIN:VTODO", "BEGIN:VTIMEZONE\r\nTZID:Here\r\nX-LIC-LOCATION:Asia/Tokyo\r\nEND:VTIMEZONE\r\nBEGIN:VTODO")
	two := strings.ReplaceAll(strings.ReplaceAll(one, "UID:1", "UID:2"), "Asia/Tokyo", "America/New_York")
	report := b.bring(t, b.ann, "text/calendar", "\xef\xbb\xbf"+one+"\r\n"+two, false)
	require.Equal(t, 2, report.Created, "%+v", report)
	all := b.everything(t, b.ann)
	require.Equal(t, "Asia/Tokyo", all[0].TimeZone)
	require.Equal(t, "America/New_York", all[1].TimeZone, "each calendar has zones of its own")
}

func TestAlarmsCountFromWhereTheyAreMeant(t *testing.T) {
	b := setup(t)
	for n, c := range []struct {
		what      string
		lines     []string
		reminders []string // in Berlin
		notes     int
	}{
		{"from the start", []string{"DTSTART:20260303T090000", "DUE:20260310T170000", alarm("TRIGGER:-PT15M")}, []string{"2026-03-03 08:45"}, 1},
		{"from the end", []string{"DTSTART:20260303T090000", "DUE:20260310T170000", alarm("TRIGGER;RELATED=END:-PT15M")}, []string{"2026-03-10 16:45"}, 1},
		{"after the due date", []string{"DUE:20260310T170000", alarm("TRIGGER:PT15M")}, []string{"2026-03-10 17:15"}, 0},
		{"the day before a whole day", []string{"DUE;VALUE=DATE:20260310", alarm("TRIGGER;RELATED=END:-PT15H")}, []string{"2026-03-09 09:00"}, 0},
		{"on a whole day", []string{"DUE;VALUE=DATE:20260310", alarm("TRIGGER:PT9H")}, []string{"2026-03-10 09:00"}, 0},
		{"at another hour of it", []string{"DUE;VALUE=DATE:20260310", alarm("TRIGGER:PT540M"), alarm("TRIGGER:PT18H30M")}, []string{"2026-03-10 09:00", "2026-03-10 18:30"}, 0},
		{"two moments", []string{"DUE;VALUE=DATE:20260310", alarm("TRIGGER;VALUE=DATE-TIME:20260308T080000Z"), alarm("TRIGGER;VALUE=DATE-TIME:20260309T170000Z")}, []string{"2026-03-08 09:00", "2026-03-09 18:00"}, 0},
		{"three moments", []string{"DUE:20260310T170000", alarm("TRIGGER;VALUE=DATE-TIME:20260308T080000Z"), alarm("TRIGGER;VALUE=DATE-TIME:20260309T170000Z"), alarm("TRIGGER:20260310T120000Z")}, []string{"2026-03-08 09:00", "2026-03-09 18:00", "2026-03-10 13:00"}, 0},
		{"a moment without a due date", []string{alarm("TRIGGER;VALUE=DATE-TIME:20260308T080000Z")}, []string{"2026-03-08 09:00"}, 0},
		{"a moment of a series", []string{"DTSTART:20260303T140000", "DUE:20260303T140000", "RRULE:FREQ=DAILY", alarm("TRIGGER;VALUE=DATE-TIME:20260303T130000Z")}, []string{"2026-03-03 14:00"}, 0},
		{"none", []string{"DUE:20260310T170000"}, []string{"2026-03-10 16:00"}, 0},
		{"too far away", []string{"DUE:20260310T170000", alarm("TRIGGER:-P900D")}, []string{"2026-03-10 16:00"}, 1},
		{"nothing to count from", []string{alarm("TRIGGER:-PT15M")}, nil, 1},
		{"from the start of a whole day", []string{"DTSTART;VALUE=DATE:20260309", "DUE;VALUE=DATE:20260310", alarm("TRIGGER:PT8H")}, []string{"2026-03-09 08:00"}, 1},
		{"from how long it takes", []string{"DTSTART:20260309T090000", "DURATION:PT8H", alarm("TRIGGER;RELATED=END:-PT1H")}, []string{"2026-03-09 16:00"}, 1},
		{"in half minutes", []string{"DUE:20260310T170000", alarm("TRIGGER:-PT90S")}, []string{"2026-03-10 16:58"}, 1},
		{"where it is", []string{"DUE:20260310T170000", alarm("TRIGGER;VALUE=DATE-TIME:19760401T005545Z")}, []string{"2026-03-10 16:00"}, 1},
	} {
		one, notes := b.only(t, b.ann, "text/calendar", strings.ReplaceAll(todo(c.lines...), "UID:1", fmt.Sprint("UID:", n)))
		var reminders []string
		for _, at := range one.ReminderTimes {
			reminders = append(reminders, at.In(b.ann.Zone()).Format("2006-01-02 15:04"))
		}
		require.Equal(t, c.reminders, reminders, c.what)
		require.Len(t, notes, c.notes, "%s: %v", c.what, notes)
	}
}

func TestAbsoluteAlarmOfASeriesRemindsOfEachDate(t *testing.T) {
	b := setup(t)
	one, _ := b.only(t, b.ann, "text/calendar", todo("DTSTART:20260303T140000", "DUE:20260303T140000", "RRULE:FREQ=DAILY", alarm("TRIGGER;VALUE=DATE-TIME:20260303T130000Z")))
	_, err := b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: one.ID})
	require.NoError(t, err)
	next, err := b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, one.ID)
	require.NoError(t, err)
	require.Equal(t, []time.Time{next.DueDate.UTC()}, next.ReminderTimes, "at 14:00, and at no other time")
}

func TestWhatHasNoPlaceIsKeptAndNoted(t *testing.T) {
	b := setup(t)
	file := testdata(t, "lost.ics")
	tried := b.bring(t, b.ann, "text/calendar", file, true)
	notes := b.notesOf(t, "text/calendar", file)
	require.Equal(t, []string{"left out: 1 VEVENT; only to-dos (VTODO) are imported"}, tried.Notes)
	found := b.all(t, b.ann)
	all := strings.Join(notes["Everything"], "\n")
	for _, line := range []string{
		"What it says", "Related to: sibling@lost", "Location: Main Street 1, second floor", "URL: https://example.org/house", "Place: 52.52;13.40",
		"Done so far: 50 %", "Status: in process", "Attachment: https://example.org/plan.pdf", "Comment: ask Ann first", "Contact: Jim, +1 555", "Organizer: mailto:jim@example.org",
		"Class: PRIVATE", "Another rule: FREQ=MONTHLY", "Also on: 2026-04-01, 2026-04-02",
	} {
		require.Contains(t, strings.Split(found["Everything"].Description, "\n"), line)
	}
	require.Equal(t, found["Move house"].ID, *found["Everything"].ParentID)
	for _, note := range []string{"related to", "location", "URL", "place", "done so far", "status", "attachment", "comment", "contact", "organizer", "class", "another rule", "also on", "ATTACH", "X-APPLE-SORT-ORDER", "X-OWN", "REPEAT", "VLOCATION"} {
		require.Contains(t, all, note)
	}
	require.Contains(t, found["Dates without a rule"].Description, "Also on: 2026-03-12 09:00 Europe/Berlin")
	require.Equal(t, "2026-03-11", found["Only a list of dates"].Day())
	require.Equal(t, "2026-03-02T11:00:00+01:00", found["From a start on"].FormatDue(b.ann), "a day and two hours after the start")
	require.Contains(t, found["From a start on"].Description, "Start: 2026-03-01 09:00 Europe/Berlin")
	rule := found["A rule that counts from the start"]
	require.Equal(t, "2026-03-01T09:00:00+01:00", rule.FormatDue(b.ann))
	require.Contains(t, rule.Description, "Due: 2026-03-10 17:00 Europe/Berlin")
}

func TestExceptionsAndChangesOfASeries(t *testing.T) {
	b := setup(t)
	change := func(of string, lines ...string) string {
		return "END:VTODO\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:x\r\nRECURRENCE-ID:" + of + "\r\n" + strings.Join(lines, "\r\n")
	}
	for n, c := range []struct {
		what        string
		lines       []string
		due, next   string
		description string
		created     int
	}{
		{"the first is left out", []string{"DUE:20260303T090000", "RRULE:FREQ=DAILY", "EXDATE:20260303T090000,20260304T090000"}, "2026-03-05 09:00", "2026-03-06 09:00", "", 1},
		{"a later one is left out", []string{"DUE:20260303T090000", "RRULE:FREQ=DAILY", "EXDATE:20260305T090000"}, "2026-03-03 09:00", "2026-03-04 09:00", "Not on: 2026-03-05 09:00 Europe/Berlin", 1},
		{"the first is left out, of a count", []string{"DUE:20260303T090000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260303T090000,20260304T090000"}, "2026-03-05 09:00", "", "", 1},
		{"the first was moved", []string{"DUE:20260303T090000", "RRULE:FREQ=WEEKLY", change("20260303T090000", "DUE:20260304T100000")}, "2026-03-04 10:00", "2026-03-10 09:00", "", 1},
		{"a later one was moved", []string{"DUE:20260303T090000", "RRULE:FREQ=WEEKLY", change("20260310T090000", "DUE:20260311T100000")}, "2026-03-03 09:00", "2026-03-10 09:00", "Moved: 2026-03-10 09:00 Europe/Berlin to 2026-03-11 10:00 Europe/Berlin", 1},
		{"the first was done", []string{"DUE:20260303T090000", "RRULE:FREQ=WEEKLY", change("20260303T090000", "DUE:20260303T090000", "STATUS:COMPLETED", "COMPLETED:20260302T070000Z")}, "2026-03-10 09:00", "2026-03-17 09:00", "", 2},
		{"the first was cancelled", []string{"DUE:20260303T090000", "RRULE:FREQ=WEEKLY", change("20260303T090000", "STATUS:CANCELLED")}, "2026-03-10 09:00", "2026-03-17 09:00", "", 1},
	} {
		file := strings.ReplaceAll(todo(c.lines...), "UID:1", fmt.Sprint("UID:", n))
		report := b.bring(t, b.ann, "text/calendar", file, false)
		require.Equal(t, c.created, report.Created, "%s: %+v", c.what, report.Rows)
		one, err := b.tasks.Get(b.ctx, b.ann, report.Rows[0].TaskID)
		require.NoError(t, err)
		require.Equal(t, c.due, one.DueDate.In(b.ann.Zone()).Format("2006-01-02 15:04"), c.what)
		require.Equal(t, c.description, one.Description, c.what)
		dates, err := one.NextDates(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), 1)
		require.NoError(t, err)
		next := ""
		if len(dates) > 0 {
			next = dates[0].In(b.ann.Zone()).Format("2006-01-02 15:04")
		}
		require.Equal(t, c.next, next, c.what)
		require.Zero(t, b.bring(t, b.ann, "text/calendar", file, false).Created, c.what)
	}
}

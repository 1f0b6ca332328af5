package transfer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

// Files as they come from programs and editors that nobody asked about.

func TestJSONOfAnotherProgramIsNotTakenForTasks(t *testing.T) {
	b := setup(t)
	for _, file := range []string{
		`{"config":{},"lists":[{"id":"1","name":"Inbox"}],"tasks":[{"id":"3","name":"Call Bob","date_due":1772438400000}]}`, // Remember The Milk
		`{"id":"5f","name":"Board","cards":[{"id":"c1","name":"Card","due":"2026-03-10T16:00:00.000Z"}],"lists":[{"id":"l1","name":"To do"}]}`,
		`{"data":[{"gid":"1","name":"Task","due_on":"2026-03-10"}]}`,
		`{"items":[{"name":"Milk"}]}`,
		`[{"id":1,"identifier":"P","tasks":[{"name":"x"}]}]`,
	} {
		_, err := b.transfer.Import(b.ctx, b.ann, "application/json", strings.NewReader(file), false)
		var e *fault.Error
		require.ErrorAs(t, err, &e, file)
		require.Equal(t, "body", e.Field)
	}
	require.Empty(t, b.everything(t, b.ann))
	_, err := b.transfer.Import(b.ctx, b.ann, "application/json", strings.NewReader(`{"id":"5f","name":"Board","desc":"","closed":false,"cards":[{"id":"c1","name":"Card"}],"lists":[{"id":"l1","name":"To do"}]}`), false)
	require.ErrorContains(t, err, "is JSON of Trello")
}

func TestEmptyListIsNoTask(t *testing.T) {
	b := setup(t)
	for _, file := range []string{
		`{"kind":"tasks#taskLists","items":[{"kind":"tasks#tasks","id":"L","title":"Nothing yet"}]}`,
		`{"value":[{"displayName":"Nothing yet","id":"L"}]}`,
		`[{"id":2,"title":"Nothing yet","parent_project_id":0,"identifier":""}]`,
	} {
		require.Empty(t, b.bring(t, b.ann, "application/json", file, false).Rows, file)
	}
}

func TestLinesMayEndInAnyWay(t *testing.T) {
	b := setup(t)
	csv := "TYPE,CONTENT,DESCRIPTION\ntask,One,\"a\nb\"\ntask,Two,\n"
	calendar := strings.ReplaceAll(todo("DUE:20260310T090000", "DESCRIPTION:folded \n here"), "\r\n", "\n")
	for _, end := range []string{"\r", "\n", "\r\n", "\r\r\n"} {
		report := b.bring(t, b.ann, "text/csv", strings.ReplaceAll(csv, "\n", end), true)
		require.Equal(t, []int{2, 4}, rows(report), "%q", end)
		report = b.bring(t, b.ann, "text/calendar", strings.ReplaceAll(calendar, "\n", end), true)
		require.Equal(t, 1, report.Created, "%q", end)
	}
	one, _ := b.only(t, b.ann, "text/calendar", strings.ReplaceAll(calendar, "\n", "\r\r\n"))
	require.Equal(t, "folded here", one.Description)
}

func TestRowOfTodoistThatIsOnlyALabelKeepsItsText(t *testing.T) {
	b := setup(t)
	b.bring(t, b.ann, "text/csv", "TYPE,CONTENT\ntask,@waiting\ntask,Call @phone @work Jim\n", false)
	found := b.all(t, b.ann)
	require.Equal(t, []string{"waiting"}, tags(found["@waiting"]))
	require.Equal(t, []string{"phone", "work"}, tags(found["Call Jim"]))
}

func TestDateOfTodoistThatHasPassedThisYearIsNoted(t *testing.T) {
	b := setup(t)
	b.bring(t, b.ann, "text/csv", "TYPE,CONTENT,DATE,DATE_LANG\ntask,passed,1 mar,en\ntask,ahead,3 mar,en\ntask,yearly,every 1 mar,en\n", false)
	notes := b.notesOf(t, "text/csv", "TYPE,CONTENT,DATE,DATE_LANG\ntask,passed again,1 mar,en\ntask,ahead again,3 mar,en\ntask,yearly again,every 1 mar,en\n")
	require.Equal(t, "2027-03-01", b.all(t, b.ann)["passed"].Day())
	require.Equal(t, []string{`the date "1 mar" names no year and has passed in this one, so the next was taken: 2027-03-01`}, notes["passed again"])
	require.Empty(t, notes["ahead again"])
	require.Empty(t, notes["yearly again"])
}

func TestDaysOfTickTickEndBehindTheLast(t *testing.T) {
	b := setup(t)
	head := "List Name,Title,Start Date,Due Date,Repeat,Timezone,Is All Day,Is Floating\n"
	b.bring(t, b.ann, "text/csv", head+
		"Inbox,one day,2026-03-03T23:00:00+0000,2026-03-04T23:00:00+0000,,Europe/Berlin,true,false\n"+
		"Inbox,three days,2026-03-03T23:00:00+0000,2026-03-06T23:00:00+0000,,Europe/Berlin,true,false\n"+
		"Inbox,over a change of clocks,2026-03-27T23:00:00+0000,2026-03-29T22:00:00+0000,,Europe/Berlin,true,false\n"+
		"Inbox,floating,2026-03-05T14:00:00+0000,2026-03-05T14:00:00+0000,,America/New_York,false,true\n"+
		"Inbox,days of a week,2026-03-03T23:00:00+0000,2026-03-05T23:00:00+0000,RRULE:FREQ=WEEKLY;BYDAY=WE,Europe/Berlin,true,false\n", false)
	found := b.all(t, b.ann)
	for title, day := range map[string]string{"one day": "2026-03-04", "three days": "2026-03-06", "over a change of clocks": "2026-03-29", "days of a week": "2026-03-04"} {
		require.Equal(t, day, found[title].Day(), title)
	}
	require.Equal(t, "2026-03-05T09:00:00+01:00", found["floating"].FormatDue(b.ann), "nine o'clock, wherever")
	require.Equal(t, "Due: 2026-03-05", found["days of a week"].Description, "else the next one would be a day early")
}

func TestDatesOfCalendarsAreReadAsTheyAreWritten(t *testing.T) {
	b := setup(t)
	for line, want := range map[string]string{
		"DUE;TZID=UTC+02:00:20260310T080000":                                     "2026-03-10T06:00:00Z",
		"DUE;TZID=tzone://Microsoft/Utc:20260310T080000":                         "2026-03-10T08:00:00Z",
		"DUE;TZID=GMT+0530:20260310T080000":                                      "2026-03-10T02:30:00Z",
		`DUE;TZID="(UTC-05:00) Eastern Time (US & Canada)":20260710T080000`:      "2026-07-10T12:00:00Z",
		"DUE:2026-03-10T08:00:00Z":                                               "2026-03-10T08:00:00Z",
		"DUE:2026-03-10 08:00":                                                   "2026-03-10T07:00:00Z",
		"DUE:20260310T235960Z":                                                   "2026-03-10T23:59:59Z",
		"DTSTART;TZID=Europe/Berlin:20260328T080000\r\nDURATION:P1D":             "2026-03-29T06:00:00Z", // eight o'clock again
		"DTSTART;TZID=Europe/Berlin:20260328T080000\r\nDURATION:PT24H":           "2026-03-29T07:00:00Z",
		"DTSTART;TZID=Europe/Berlin:20260328T080000\r\nDURATION:P1W1DT2H":        "2026-04-05T08:00:00Z",
		"DTSTART:20260328T080000Z\r\nDURATION:P1DT1H":                            "2026-03-29T09:00:00Z",
		"DUE:\r\nDTSTART:20260310T080000Z":                                       "2026-03-10T08:00:00Z",
		"RDATE:20260312T080000Z,20260311T080000Z":                                "2026-03-11T08:00:00Z",
		"DUE:20260310T080000Z\r\nthis was not folded\r\n  \r\nDESCRIPTION:after": "2026-03-10T08:00:00Z",
	} {
		one, _ := b.only(t, b.newcomer(t, line), "text/calendar", todo(line))
		require.NotNil(t, one.DueDate, line)
		require.Equal(t, want, one.DueDate.UTC().Format(time.RFC3339), line)
	}
	for line, note := range map[string]string{
		"DURATION:PT1H": "duration could not be taken over; it stands in the description",
		"DUE:20260310T080000\r\nDUE:20260311T080000":                "left out: a second DUE",
		"DUE:20260310T080000\r\nDURATION:PT1H":                      "duration could not be taken over; it stands in the description",
		"DUE:20260310T080000\r\nthis was not folded":                "left out: a line without a name",
		"DUE:20260310T080000\r\nRELATED-TO;RELTYPE=CHILD:elsewhere": `its part "elsewhere" could not be taken over`,
	} {
		_, notes := b.only(t, b.newcomer(t, line), "text/calendar", todo(line))
		require.Equal(t, []string{note}, notes, line)
	}
}

func TestCalendarNamesDatesOfASeriesByTheirStart(t *testing.T) {
	b := setup(t)
	series := []string{"DTSTART;TZID=Europe/Berlin:20260303T080000", "DUE;TZID=Europe/Berlin:20260303T100000", "RRULE:FREQ=DAILY"}
	change := func(of string, lines ...string) string {
		return "END:VTODO\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:x\r\nRECURRENCE-ID" + of + "\r\n" + strings.Join(lines, "\r\n")
	}
	for _, c := range []struct {
		what string
		line string
		due  string
		kept string
	}{
		{"left out", "EXDATE;TZID=Europe/Berlin:20260303T080000", "2026-03-04T10:00:00+01:00", ""},
		{"left out, in UTC", "EXDATE:20260303T070000Z", "2026-03-04T10:00:00+01:00", ""},
		{"a later one left out", "EXDATE;TZID=Europe/Berlin:20260305T080000", "2026-03-03T10:00:00+01:00", "Not on: 2026-03-05 08:00 Europe/Berlin"},
		{"moved", change(":20260303T070000Z", "DTSTART;TZID=Europe/Berlin:20260303T090000", "DUE;TZID=Europe/Berlin:20260303T110000"), "2026-03-03T11:00:00+01:00", ""},
		{"cancelled", change(";TZID=Europe/Berlin:20260303T080000", "STATUS:CANCELLED"), "2026-03-04T10:00:00+01:00", ""},
		{"moved with all later ones", change(";RANGE=THISANDFUTURE:20260305T070000Z", "DUE;TZID=Europe/Berlin:20260305T120000"), "2026-03-03T10:00:00+01:00", "Moved: 2026-03-05 07:00 UTC and all later ones to 2026-03-05 12:00 Europe/Berlin"},
		{"described otherwise", change(":20260305T070000Z", "DUE:20260305T090000Z", "DESCRIPTION:bring cake"), "2026-03-03T10:00:00+01:00", "Description on 2026-03-05 07:00 UTC: bring cake"},
	} {
		user := b.newcomer(t, c.what)
		report := b.bring(t, user, "text/calendar", todo(append(series, c.line)...), false)
		require.Equal(t, 1, report.Created, "%s: %+v", c.what, report.Rows)
		one := b.everything(t, user)[0]
		require.Equal(t, c.due, one.FormatDue(user), c.what)
		require.Contains(t, one.Description, c.kept, c.what)
		require.NotContains(t, strings.TrimSpace(strings.ReplaceAll(one.Description, c.kept, "")), "Moved", c.what)
	}
	user := b.newcomer(t, "alone")
	one, notes := b.only(t, user, "text/calendar", todo("RECURRENCE-ID:20260303T070000Z", "DUE:20260303T090000Z"))
	require.Equal(t, "2026-03-03T10:00:00+01:00", one.FormatDue(user))
	require.Equal(t, []string{"it is one date of a recurring to-do, which is not in the file"}, notes)
}

func TestTaskMayNameItsParts(t *testing.T) {
	b := setup(t)
	item := func(uid, line string) string {
		return "BEGIN:VTODO\r\nUID:" + uid + "\r\nSUMMARY:" + uid + "\r\n" + line + "\r\nEND:VTODO\r\n"
	}
	file := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + item("paint", "PRIORITY:5") + item("house", "RELATED-TO;RELTYPE=CHILD:paint") + item("roof", "RELATED-TO:house") + "END:VCALENDAR\r\n"
	require.Equal(t, 3, b.bring(t, b.ann, "text/calendar", file, false).Created)
	found := b.all(t, b.ann)
	require.Equal(t, found["house"].ID, *found["paint"].ParentID)
	require.Equal(t, found["house"].ID, *found["roof"].ParentID)
	require.Nil(t, found["house"].ParentID)
}

func TestDayOfGoogleIsThatOfItsOffset(t *testing.T) {
	b := setup(t)
	b.bring(t, b.ann, "application/json", `{"kind":"tasks#tasks","items":[{"title":"east","due":"2026-03-10T00:00:00+09:00"},{"title":"west","due":"2026-03-10T00:00:00-08:00"},{"title":"hour","due":"2026-03-10T09:30:00+09:00"}]}`, false)
	found := b.all(t, b.ann)
	require.Equal(t, "2026-03-10", found["east"].Day())
	require.Equal(t, "2026-03-10", found["west"].Day())
	require.Equal(t, "2026-03-10T01:30:00+01:00", found["hour"].FormatDue(b.ann))
}

func TestMonthOfVikunjaThatIsTooShortUsesItsLastDay(t *testing.T) {
	b := setup(t)
	b.bring(t, b.ann, "application/json", `[{"id":1,"title":"P","identifier":"","tasks":[{"id":1,"title":"rent","due_date":"2026-03-31T08:00:00Z","repeat_mode":1},{"id":2,"title":"pay","due_date":"2026-03-28T08:00:00Z","repeat_mode":1}]}]`, false)
	found := b.all(t, b.ann)
	dates, err := found["rent"].NextDates(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), 2)
	require.NoError(t, err)
	require.Equal(t, "2026-04-30 10:00, 2026-05-31 10:00", dates[0].In(b.ann.Zone()).Format("2006-01-02 15:04")+", "+dates[1].In(b.ann.Zone()).Format("2006-01-02 15:04"))
	require.Equal(t, "FREQ=MONTHLY", found["pay"].Recurrence.Rule)
}

func TestQuotationMarkThatIsNotClosedIsNoted(t *testing.T) {
	b := setup(t)
	report := b.bring(t, b.ann, "text/csv", "TYPE,CONTENT\ntask,one\ntask,\"two\ntask,three\n", true)
	require.Equal(t, []string{"a quotation mark is not closed: what comes behind row 3 may have become part of its text"}, report.Notes)
	for _, fine := range []string{"TYPE,CONTENT\ntask,\"a\nb\"\ntask,c\n", "TYPE,CONTENT\ntask,27\" screen\ntask,c\n", "TYPE,CONTENT\ntask,\"27\"\" screen\"\n"} {
		require.Empty(t, b.bring(t, b.ann, "text/csv", fine, true).Notes, fine)
	}
}

func TestCalendarOfVersion1IsRead(t *testing.T) {
	b := setup(t)
	file := "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VTODO\r\nSUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Bl=C3=BCten gie=\r\n=C3=9Fen, t=C3=A4glich\r\nDESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:eins=0D=0Azw=F6lf=3D12\r\nDUE:20261210T090000\r\nEND:VTODO\r\nBEGIN:VTODO\r\nSUMMARY:a=b=\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
	require.Equal(t, 2, b.bring(t, b.ann, "text/calendar", file, false).Created)
	flowers := b.all(t, b.ann)["Blüten gießen, täglich"]
	require.NotNil(t, flowers)
	require.Equal(t, "eins\nzwölf=12", flowers.Description)
	require.NotNil(t, b.all(t, b.ann)["a=b="])
}

func TestTextOfACalendarIsWholeWhateverItsEscapes(t *testing.T) {
	b := setup(t)
	file := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Milk, bread\\; eggs\r\nDESCRIPTION:at 9\\:30, C:\\\\new\\nand C:\\temp\r\nLOCATION:Here, there\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
	b.bring(t, b.ann, "text/calendar", file, false)
	found := b.all(t, b.ann)["Milk, bread; eggs"]
	require.NotNil(t, found)
	require.Equal(t, "at 9:30, C:\\new\nand C:\\temp\n\nLocation: Here, there", found.Description)
}

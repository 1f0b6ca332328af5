package transfer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// Tables as programs export them and as people keep them. It is Monday, 2 March 2026.

func TestAsanaIsImported(t *testing.T) {
	b := setup(t)
	file := ",,\n,,\"a note above\"\nTask ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,Start Date,Due Date,Tags,Notes,Projects,Parent task,Blocked By (Dependencies)\n" +
		"1201234567890123,2026-02-01,,2026-02-02,Launch site,Build,Sara,sara@example.org,2026-03-03,2026-03-10,\"Design,Q4 launch\",\"Line one\nLine two\",Website,,Book hall\n" +
		"1201234567890124,2026-02-01,2026-02-20,2026-02-20,Write copy,Build,,,,2026-02-19,,,Website,Launch site,\n" +
		"1201234567890125,2026-02-01,,2026-02-20,Book hall,Build,,,,,,,Website,,\n"
	found, notes := others(t, b, "text/csv", file, "table", 3)
	launch, write := found["Launch site"], found["Write copy"]
	require.Equal(t, "2026-03-10", launch.Day())
	require.Equal(t, "2026-03-03", launch.StartText(b.ann.Zone()))
	require.Equal(t, "Website", launch.Category.Name)
	require.Equal(t, []string{"Design", "Q4 launch"}, tags(launch))
	require.Equal(t, "Line one\nLine two\n\nSection/Column: Build\nAssignee: Sara\nAssignee Email: sara@example.org", launch.Description)
	require.Contains(t, notes["Launch site"], "Section/Column, Assignee, Assignee Email: no field for this here; it stands in the description")
	require.Equal(t, launch.ID, *write.ParentID)
	require.Equal(t, "2026-02-20", write.CompletedAt.In(b.ann.Zone()).Format(time.DateOnly))
	require.Equal(t, "2026-02-01", launch.CreatedAt.In(b.ann.Zone()).Format(time.DateOnly))
}

func TestTaskOfATableWaitsForFiftyOthersAtMost(t *testing.T) {
	b := setup(t)
	const many = task.MaxBlockers + 10
	file, names := "Task,Due date,Depends on\n", []string{"Task 1", "unknown"}
	for n := range many {
		file += fmt.Sprintf("Task %d,2026-03-10,\n", n)
		names = append(names, fmt.Sprint("Task ", n))
	}
	file += "Last,2026-03-11,\"" + strings.Join(names, ",") + "\"\n"
	found, notes := others(t, b, "text/csv", file, "table", many+1)
	require.Len(t, found["Last"].BlockedBy, task.MaxBlockers)
	require.Equal(t, "Blocked by: unknown, "+strings.Join(names[len(names)-10:], ", "), found["Last"].Description)
	require.NotEmpty(t, notes["Last"])
}

func TestNotionIsImported(t *testing.T) {
	b := setup(t)
	file := "\ufeffName,Assign,Due,Parent item,Priority,Status,Tags\n" +
		"Pack,Ann,\"March 5, 2026 9:00 AM (GMT+1)\",,High,Not started,\"travel, home\"\n" +
		"Buy socks,,\"March 5, 2026\",Pack (https://www.notion.so/Pack-0123456789abcdef?pvs=21),Low,Done,\n" +
		"Trip,,\"March 6, 2026 → March 8, 2026\",,,In progress,\n"
	found, _ := others(t, b, "text/csv", file, "table", 3)
	require.Equal(t, "2026-03-05T08:00:00Z", found["Pack"].DueDate.UTC().Format(time.RFC3339))
	require.Equal(t, task.High, found["Pack"].Priority)
	require.Equal(t, []string{"home", "travel"}, tags(found["Pack"]))
	require.Equal(t, found["Pack"].ID, *found["Buy socks"].ParentID)
	require.True(t, found["Buy socks"].Completed())
	require.Equal(t, "2026-03-08", found["Trip"].Day())
	require.Equal(t, "2026-03-06", found["Trip"].StartText(b.ann.Zone()))
	require.Contains(t, found["Trip"].Description, "Status: In progress")
}

func TestOmniFocusIsImported(t *testing.T) {
	b := setup(t)
	file := "Task ID,Type,Name,Status,Project,Context,Start Date,Due Date,Completion Date,Duration,Flagged,Notes,Tags\n" +
		"1,Project,Household,active,,,,,,,0,,\n" +
		"1.1,Action,Check finances,,Household,Bank,2026-03-04 12:00:00 +0000,2026-03-05 17:00:00 +0000,,45m,1,note,\"Bank, Money\"\n" +
		"1.2,Action,Old,,Household,,,,2026-02-01 09:00:00 +0000,,0,,\n"
	found, notes := others(t, b, "text/csv", file, "table", 3)
	check := found["Check finances"]
	require.Equal(t, found["Household"].ID, *check.ParentID)
	require.Equal(t, "2026-03-05T17:00:00Z", check.DueDate.UTC().Format(time.RFC3339))
	require.Equal(t, "2026-03-04T12:00:00Z", check.StartDate.UTC().Format(time.RFC3339))
	require.Equal(t, 45, *check.EstimateMinutes)
	require.Equal(t, task.High, check.Priority)
	require.Equal(t, []string{"Bank", "Money"}, tags(check))
	require.Empty(t, notes["Check finances"])
	require.Equal(t, "2026-02-01T09:00:00Z", found["Old"].CompletedAt.UTC().Format(time.RFC3339))
}

func TestTrelloIsImported(t *testing.T) {
	b := setup(t)
	found, _ := others(t, b, "text/csv", "Card ID,Card Name,Card URL,Card Description,Labels,Members,Due Date,Attachment Count,List ID,List Name,Board ID,Board Name,Archived,Start Date,Due Complete\n"+
		"5f0000000000000000000001,Order tiles,https://trello.com/c/1,\"Bath, 20 m²\",\"Shop (green), Soon (red_dark)\",,2026-03-09T08:00:00.000Z,0,l1,Doing,b1,Building,false,,false\n"+
		"5f0000000000000000000002,Old,https://trello.com/c/2,,,,,0,l2,Done,b1,Building,true,,false\n", "table", 2)
	require.Equal(t, "2026-03-09T08:00:00Z", found["Order tiles"].DueDate.UTC().Format(time.RFC3339))
	require.Equal(t, []string{"Shop", "Soon"}, tags(found["Order tiles"]))
	require.Equal(t, "Building", found["Order tiles"].Category.Name)
	require.Contains(t, found["Order tiles"].Description, "List Name: Doing")
	require.False(t, found["Order tiles"].Completed())
	require.True(t, found["Old"].Completed(), "archived")
}

func TestClickUpIsImported(t *testing.T) {
	b := setup(t)
	found, notes := others(t, b, "text/csv", "Task Type,Task ID,Task Custom ID,Task Name,Task Content,Status,Date Created,Date Created Text,Due Date,Due Date Text,Start Date,Start Date Text,Parent ID,Attachments,Assignees,Tags,Priority,List Name,Folder Name/Path,Space Name,Time Estimated,Time Estimated Text,Checklists,Comments\n"+
		"Task,86abcdef1,,Plan,null,to do,1769900400000,\"2/1/2026, 12:00:00 AM GMT+1\",1773046800000,\"3/9/2026, 10:00:00 AM GMT+1\",,,null,[],[],\"[a,b]\",1,Sprint,hidden,Team,1800000,30m,[],[]\n"+
		"Task,86abcdef2,,Step,,complete,1769900400000,,,,,,86abcdef1,[],\"[Ann]\",[],null,Sprint,hidden,Team,,,[],[]\n", "table", 2)
	require.Equal(t, "2026-03-09T09:00:00Z", found["Plan"].DueDate.UTC().Format(time.RFC3339))
	require.Equal(t, task.Urgent, found["Plan"].Priority)
	require.Equal(t, 30, *found["Plan"].EstimateMinutes)
	require.Contains(t, notes["Plan"], "priority 1 was read as urgent, with 1 as the highest")
	require.Equal(t, []string{"a", "b"}, tags(found["Plan"]))
	require.Equal(t, "Sprint", found["Plan"].Category.Name)
	require.Equal(t, found["Plan"].ID, *found["Step"].ParentID)
	require.True(t, found["Step"].Completed())
}

func TestLinearIsImported(t *testing.T) {
	b := setup(t)
	found, _ := others(t, b, "text/csv", `"ID","Team","Title","Description","Status","Estimate","Priority","Project ID","Project","Creator","Assignee","Labels","Created","Updated","Started","Completed","Canceled","Archived","Due Date","Parent issue","Blocked by"`+"\n"+
		`"GDL-1","GDL","Rebuild pages","Line one`+"\n"+`line two","In Progress","3","No priority","u","Site","Mike","Mike","ready, seo","Wed Jan 14 2026 11:21:41 GMT+0000 (GMT+00:00)","","","","","","Thu Mar 05 2026 23:00:00 GMT+0000 (GMT+00:00)","","GDL-2"`+"\n"+
		`"GDL-2","GDL","Child","","Canceled","","Urgent","u","Site","Mike","","","Wed Jan 14 2026 11:21:41 GMT+0000 (GMT+00:00)","","","","Thu Jan 15 2026 11:21:41 GMT+0000 (GMT+00:00)","","","GDL-1",""`+"\n", "table", 2)
	require.Equal(t, "2026-03-05T23:00:00Z", found["Rebuild pages"].DueDate.UTC().Format(time.RFC3339))
	require.Contains(t, found["Rebuild pages"].Description, "Estimate: 3")
	require.Equal(t, "2026-01-15T11:21:41Z", found["Child"].CompletedAt.UTC().Format(time.RFC3339))
}

func TestJiraIsImported(t *testing.T) {
	b := setup(t)
	file := "Summary,Issue key,Issue id,Parent id,Issue Type,Status,Project name,Priority,Created,Resolved,Due date,Labels,Labels,Description,Comment,Comment\n" +
		"Checkout,ENG-1,10001,,Epic,In Progress,Shop,Highest,03/Jan/26 9:00 AM,,05/Mar/26 12:00 AM,web,fast,The big one,04/Jan/26 9:30 AM;5b10ac;Looks hard,05/Jan/26 9:00 AM;jane;Agreed\n" +
		"Metric,ENG-2,10002,10001,Sub-task,Done,Shop,Low,03/Jan/26 9:00 AM,05/Jan/26 4:30 PM,,,,,,\n"
	found, _ := others(t, b, "text/csv", file, "table", 2)
	checkout := found["Checkout"]
	require.Equal(t, "2026-03-05", checkout.Day())
	require.Equal(t, task.Urgent, checkout.Priority)
	require.Equal(t, []string{"fast", "web"}, tags(checkout))
	require.Equal(t, "Shop", checkout.Category.Name)
	require.Equal(t, checkout.ID, *found["Metric"].ParentID)
	require.Equal(t, "2026-01-05T15:30:00Z", found["Metric"].CompletedAt.UTC().Format(time.RFC3339))
	comments := b.said(t, b.ann, checkout.ID)
	require.Len(t, comments, 2)
	require.ElementsMatch(t, []string{"Looks hard", "Agreed"}, []string{comments[0].Text, comments[1].Text})
}

func TestOutlookIsImportedInGerman(t *testing.T) {
	b := setup(t)
	file := `"Betreff","Beginnt am","Fällig am","Erinnerung Ein/Aus","Erinnerung am","Erinnerung um","Erledigt am","% erledigt","Gesamtaufwand","Kategorien","Notizen","Priorität","Privat","Status"` + "\n" +
		`"Steuer","1.3.2026","5.3.2026","Ein","4.3.2026","08:30:00",,"0","0","Geld;Amt","Belege","Hoch","Aus","Nicht begonnen"` + "\n" +
		`"Auto","","","Aus","","","28.2.2026","1","0","","","Normal","Aus","Erledigt"` + "\n"
	found, _ := others(t, b, "text/csv", file, "table", 2)
	require.Equal(t, "2026-03-05", found["Steuer"].Day())
	require.Equal(t, []string{"2026-03-04 08:30"}, reminders(b, found["Steuer"]))
	require.Equal(t, task.High, found["Steuer"].Priority)
	require.Equal(t, []string{"Amt", "Geld"}, tags(found["Steuer"]))
	require.Equal(t, "2026-02-28", found["Auto"].CompletedAt.In(b.ann.Zone()).Format(time.DateOnly))
}

// Tables of people's own: any order, names in their language, any usual form of a date.
func TestTableOfAPersonsOwnIsImported(t *testing.T) {
	b := setup(t)
	for n, c := range []struct{ head, row, due string }{
		{"Task,Due date", "x,2026-03-05", "2026-03-05"},
		{"Task,Due date", "x,2026-03-05 14:30", "2026-03-05T14:30:00+01:00"},
		{"Task,Due date,Time", "x,2026-03-05,2:30 PM", "2026-03-05T14:30:00+01:00"},
		{"Task;Due date;Time", "x;46086;0,375", "2026-03-05T09:00:00+01:00"},
		{"Task\tDone\tDue date", "x\tno\t46086.5", "2026-03-05T12:00:00+01:00"},
		{"Task|Due date", "x|20260305", "2026-03-05"},
		{"Due,Title", "1772697600,x", "2026-03-05T09:00:00+01:00"},
		{"Aufgabe;Fällig am;Erledigt", "x;05.03.2026;nein", "2026-03-05"},
		{"Was;Bis wann;Priorität", "x;5. März 2026;hoch", "2026-03-05"},
		{"AUFGABE;TERMIN;UHRZEIT", "x;5.3.26;9 Uhr", "2026-03-05T09:00:00+01:00"},
		{"Tâche;Échéance;Terminé", "x;05/03/2026;non", "2026-03-05"},
		{"Titre;Date d’échéance;Priorité", "x;5 mars 2026;haute", "2026-03-05"},
		{"Tarea;Fecha límite;Hecho", "x;5 de marzo de 2026;no", "2026-03-05"},
		{"Tarea;Fecha;Hora;Prioridad", "x;05/03/2026;14:30;alta", "2026-03-05T14:30:00+01:00"},
		{"Name,Due,Done", "x,Thursday,FALSE", "2026-03-05"},
		{"sep=;\nTask;Due", "x;5 March 2026", "2026-03-05"},
		{"My list,,\n,,\nTo-Do,Due Date,☑", "x,Thu 5 Mar 2026,", "2026-03-05"},
		{"Task,Due date,Start", "x,2026-03-05 00:00:00,", "2026-03-05"},
	} {
		user := b.newcomer(t, fmt.Sprint("own ", n))
		one, _ := b.only(t, user, "text/csv", c.head+"\n"+c.row+"\n")
		require.Equal(t, "x", one.Title, c)
		require.Equal(t, c.due, one.FormatDue(user), "%v", c)
	}
}

func TestOrderOfDayAndMonthIsThatOfTheFile(t *testing.T) {
	b := setup(t)
	for n, c := range []struct{ dates, want, note string }{
		{"3/5/2026,12/25/2026", "2026-03-05 2026-12-25", ""},
		{"3/5/2026,25/12/2026", "2026-05-03 2026-12-25", ""},
		{"3/5/2026,4/5/2026", "2026-05-03 2026-05-04", "in dates such as 3/5/2026 as 2026-05-03 either number could be the month, and nothing in the file tells; write them as 2027-06-05 if that is wrong"},
		{"5/5/2026", "2026-05-05", ""},
		{"3.5.2026", "2026-05-03", ""},
	} {
		user := b.newcomer(t, fmt.Sprint("order ", n))
		file := "Task,Due date\n"
		for k, date := range strings.Split(c.dates, ",") {
			file += fmt.Sprintf("%d %s,%s\n", k, "x", date)
		}
		report := b.bring(t, user, "text/csv", file, false)
		found, days := b.all(t, user), []string{}
		for k := range len(found) {
			days = append(days, found[fmt.Sprintf("%d x", k)].Day())
		}
		require.Equal(t, c.want, strings.Join(days, " "), c)
		require.Equal(t, c.note, strings.Join(report.Notes, "\n"), c)
	}
}

func TestWhatACellHoldsThatIsNotUnderstoodIsKept(t *testing.T) {
	b := setup(t)
	one, notes := b.only(t, b.ann, "text/csv", "Task,Due,Priority,Status,Done,Repeat,Parent,Who\nx,week 49,whenever,waiting,half,now and then,nobody,Ann\n")
	require.Equal(t, "Who: Ann\nPriority: whenever\nRecurrence: now and then\nDue: week 49\nDone: half\nStatus: waiting\nPart of: nobody", one.Description)
	require.Len(t, notes, 7)
	one, _ = b.only(t, b.newcomer(t, "again"), "text/csv", "Task,Due,Repeat,Done\nx,every friday at 9,,\n")
	require.Equal(t, "FREQ=WEEKLY;BYDAY=FR", one.Recurrence.Rule)
	one, _ = b.only(t, b.newcomer(t, "rule"), "text/csv", "Aufgabe;Fällig;Wiederholung\nx;6.3.2026;jeden Freitag\n")
	require.Equal(t, "FREQ=WEEKLY;BYDAY=FR", one.Recurrence.Rule)
}

func TestTableThatIsNotOneOfTasksIsRefused(t *testing.T) {
	b := setup(t)
	for _, file := range []string{
		"Name,Email,Notes\nAnn,a@example.org,x\n",
		"First Name,Last Name,Title,Status\nAnn,B,Dr,x\n",
		"Subject,Start Date,Start Time,End Date,All day event,Priority\nMeeting,3/4/2026,10:00 AM,3/4/2026,False,Normal\n",
		"Date,Description,Amount,Status\n2026-03-05,Shop,12.00,booked\n",
		"Name,Description\nx,y\n",
		"Milk\nBread\n",
		"x,2026-03-05\ny,2026-03-06\n",
	} {
		_, err := b.transfer.Import(b.ctx, b.ann, "text/csv", strings.NewReader(file), false)
		var e *fault.Error
		require.ErrorAs(t, err, &e, file)
		require.Equal(t, "body", e.Field)
		require.Contains(t, e.Message, "one must name the columns", file)
	}
}

func TestTableMayBeLongAndWide(t *testing.T) {
	b := setup(t)
	var file strings.Builder
	file.WriteString("Task,Due date,Project" + strings.Repeat(",Extra", 300) + "\n")
	for n := range 300 {
		fmt.Fprintf(&file, "task %d,2026-03-05,\"a \"\"quoted\"\" one\"%s\n", n, strings.Repeat(",", 300))
	}
	report := b.bring(t, b.ann, "text/csv", file.String(), true)
	require.Equal(t, 300, report.Created)
	wide := "Task,Due" + strings.Repeat(",Extra", 60) + "\nx,2026-03-05"
	for n := range 60 {
		wide += fmt.Sprintf(",v%d", n)
	}
	_, notes := b.only(t, b.newcomer(t, "wide"), "text/csv", wide+"\n")
	require.Contains(t, notes, "more than 50 lines would have to be kept in the description; the others were left out")
}

func TestRowsThatShareAnIDAreTasksOfTheirOwn(t *testing.T) {
	b := setup(t)
	b.requireOnce(t, "text/csv", "ID,Task,Due\n1,w,2026-03-05\n1,x,2026-03-05\nENG-1,y,\nENG-1,z,\n", 4)
	report := b.bring(t, b.bob, "text/csv", "Task,Due\nsame,2026-03-05\nsame,2026-03-05\n", false)
	require.Equal(t, 2, report.Created)
}

func TestFilesOfAnArchiveKeepTheirOwnParts(t *testing.T) {
	b := setup(t)
	head := "TYPE,CONTENT,INDENT\n"
	report := b.bring(t, b.ann, "application/zip", zipped(t, "A.csv", head+"task,a,1\ntask,a1,2\n", "B.csv", head+"task,b,1\ntask,b1,2\n", "C.csv", "Task,ID,Due\nc,1,\nc1,1.1,\n"), false)
	require.Equal(t, 6, report.Created, "%+v", report)
	found := b.all(t, b.ann)
	for _, whole := range []string{"a", "b", "c"} {
		require.Nil(t, found[whole].ParentID)
		require.Equal(t, found[whole].ID, *found[whole+"1"].ParentID)
	}
}

func TestTableThatNotionWritesTwiceIsReadOnce(t *testing.T) {
	b := setup(t)
	report := b.bring(t, b.ann, "application/zip", zipped(t, "Tasks 0123.csv", "Name,Due\nx,\"March 5, 2026\"\n", "Tasks 0123_all.csv", "Name,Due\nx,\"March 5, 2026\"\ny,\n"), false)
	require.Equal(t, 2, report.Created, "%+v", report)
}

func TestGroupsOfMondayAreCategories(t *testing.T) {
	b := setup(t)
	file := "My board\n\nPlanned\nName,Person,Status,Date,Priority\nPlan,Ann,Done,2026-03-05,High\nBuild,,Working on it,2026-03-06,\n\nLater (https://example.org)\nName,Person,Status,Date,Priority\nShip,,,,\n"
	report := b.bring(t, b.ann, "text/csv", file, false)
	require.Equal(t, 3, report.Created, "%+v", report)
	require.Equal(t, []string{"left out, since it stands above the headings: My board"}, report.Notes)
	found := b.all(t, b.ann)
	require.Equal(t, "Planned", found["Plan"].Category.Name)
	require.Equal(t, "Planned", found["Build"].Category.Name)
	require.Equal(t, "Later", found["Ship"].Category.Name)
}

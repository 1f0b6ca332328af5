package transfer

import (
	"fmt"
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// A backup of Tasks.org (Android) is one JSON document: data holds the tasks, each
// with its alarms, tags and comments, and behind them the lists that they are in.
// Moments are milliseconds; a due date without seconds is a whole day.

const tasksOrgFormat = "tasks-org"

var tasksOrgPriorities = map[string]task.Priority{"0": task.High, "1": task.Medium, "2": task.Low}

// Kinds of alarms.
const (
	alarmAt       = 0
	alarmOfStart  = 1
	alarmOfDue    = 2
	alarmSnoozed  = 4
	dueTimeMarker = time.Minute // what is a whole multiple of it has no time of day
)

func (j *jsonFile) readTasksOrg() error {
	lists := map[string]string{} // names by id
	err := j.members(func(name string) error {
		if name != "data" {
			return j.skip()
		}
		return j.members(func(name string) error {
			switch name {
			case "tasks":
				return j.list(func() error { return j.nested(nil, nil, j.tasksOrgTask) })
			case "caldavCalendars", "googleTaskLists":
				return j.list(func() error {
					text, err := j.raw(foreignParts)
					if err != nil {
						return err
					}
					one, _ := recordOf(text)
					if len(lists) < maxLabels {
						lists[one.text("uuid")+one.text("remoteId")] = one.text("name") + one.text("title")
					}
					return nil
				})
			}
			return j.skip()
		})
	})
	for n := range j.items {
		if name := lists[j.items[n].list]; name != "" {
			j.items[n].in.Category = input.Some(name)
		}
	}
	return err
}

func (j *jsonFile) tasksOrgTask(backup record) item {
	r := backup.record("task")
	i := j.begin(r, "remoteId")
	i.in.Title, i.in.Description = input.Some(r.text("title")), input.Some(r.text("notes"))
	if i.in.Title.Value == "" {
		i.untitled()
	}
	i.in.Priority = input.Some(task.Medium)
	if priority, known := tasksOrgPriorities[r.text("priority")]; known {
		i.in.Priority = input.Some(priority)
	}
	zone := j.user.Zone()
	start, due := r.millis("hideUntil"), r.millis("dueDate")
	switch {
	case due == nil:
	case due.Equal(due.Truncate(dueTimeMarker)):
		i.dueOn(recurrence.Wall(*due, zone))
	default:
		i.dueAt(due.Truncate(time.Minute), zone)
	}
	if start != nil {
		i.keep("Start", start.In(zone).Format("2006-01-02 15:04"))
	}
	j.tasksOrgRule(&i, r)
	if n := r.number("estimatedSeconds"); n > 0 {
		i.in.EstimateMinutes = input.Some(int(min(max(n/60, 1), task.MaxEstimate)))
	}
	if n := r.number("elapsedSeconds"); n > 0 {
		i.keep("Time spent", (time.Duration(min(n, 1<<32)) * time.Second).String())
	}
	j.tasksOrgAlarms(&i, backup.records("alarms"), start)
	for _, tag := range backup.records("tags") {
		i.tag(tag.text("name"))
	}
	for _, comment := range backup.records("comments") {
		i.said("", "Tasks.org", comment.text("message"), comment.millis("created"))
	}
	for _, place := range append(backup.records("geofences"), backup.records("locations")...) {
		i.keep("Location", strings.Trim(strings.Join([]string{place.text("name"), place.text("address"), place.text("url"), place.text("place")}, " "), " "))
	}
	for _, one := range append(backup.records("caldavTasks"), backup.records("google")...) {
		if one.number("deleted") > 0 {
			continue
		}
		i.list = one.text("calendar") + one.text("listId")
		i.parent = one.text("remoteParent")
		if id := one.text("remoteId"); id != "" {
			i.uid = id
		}
	}
	if n := len(backup.records("attachments")); n > 0 {
		i.note("left out: %d attachments", n)
	}
	i.in.CreatedAt = r.millis("creationDate")
	if completed := r.millis("completionDate"); completed != nil {
		i.done(completed)
	}
	if r.millis("deletionDate") != nil {
		i.reason = "it was deleted there"
	}
	i.leftOut(append(r.left("id modificationdate ringflags reminderlast timerstart iscollapsed order readonly parent completiondate deletiondate repeatfrom calendaruri dirty transitory sync_task"), backup.left("vtodo")...))
	return i
}

// tasksOrgRule reads how the task recurs.
func (j *jsonFile) tasksOrgRule(i *item, r record) {
	rule := strings.TrimPrefix(r.text("recurrence"), "RRULE:")
	if rule == "" {
		return
	}
	base := task.FromDue
	if before, _, found := strings.Cut(rule, ";FROM=COMPLETION"); found {
		rule, base = before, task.FromCompletion
	}
	if r.number("repeatFrom") == 1 {
		base = task.FromCompletion
	}
	if i.recurs(rule) {
		i.in.RecurrenceBase = input.Some(base)
	}
}

// tasksOrgAlarms reads when the task reminds.
func (j *jsonFile) tasksOrgAlarms(i *item, alarms []record, start *time.Time) {
	due, dated := i.due(j.user)
	for _, alarm := range alarms {
		n := alarm.number("time")
		apart := time.Duration(max(min(n, 1<<40), -1<<40)) * time.Millisecond
		text := fmt.Sprint(apart)
		switch kind := alarm.number("type"); {
		case kind == alarmAt && n > 0:
			i.remindAt(time.UnixMilli(min(n, 1<<45)).UTC(), text, j.user)
		case kind == alarmSnoozed && n > 0:
			at := time.UnixMilli(min(n, 1<<45)).UTC()
			i.in.SnoozedUntil = &at
		case kind == alarmOfDue && dated:
			i.remind(-apart, text)
		case kind == alarmOfStart && dated && start != nil && !due.AllDay:
			i.remind(due.Time.Sub(start.Truncate(time.Minute).Add(apart)), text)
		default:
			i.note("the reminder %q could not be taken over", text)
		}
		if alarm.number("repeat") > 0 {
			i.note("that the reminder %q repeats could not be taken over", text)
		}
	}
}

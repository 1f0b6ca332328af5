package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tickler/internal/person"
	"tickler/internal/task"
)

// settingsAnswer is the answer of user_settings. Its lists of objects are not
// described further, to keep the list of tools small.
type settingsAnswer struct {
	TimeZone        string         `json:"time_zone"`
	ReminderOffsets []int          `json:"reminder_offsets" doc:"Minutes before due, for tasks without their own."`
	AllDayTime      string         `json:"all_day_time" doc:"When whole days remind."`
	QuietHours      string         `json:"quiet_hours,omitempty"`
	Channels        []channelView  `json:"channels,omitempty" open:"true"`
	CalendarFeed    bool           `json:"calendar_feed,omitempty"`
	Deliveries      []deliveryView `json:"deliveries,omitempty" open:"true"`
	Secret          string         `json:"webhook_secret,omitempty" doc:"Not shown again."`
	CalendarURL     string         `json:"calendar_url,omitempty"`
	Now             string         `json:"now"`
	Changed         []string       `json:"changed,omitempty"`
	Note            string         `json:"note,omitempty"`
}

type channelView struct {
	ID      int64              `json:"id"`
	Kind    person.ChannelKind `json:"kind"`
	Target  string             `json:"target"`
	State   string             `json:"state"` // on, failing, off, unconfirmed
	Problem string             `json:"problem,omitempty"`
}

type deliveryView struct {
	At       string               `json:"at"`
	Target   string               `json:"target"`
	Kind     person.DeliveryKind  `json:"kind"`
	TaskID   int64                `json:"task_id,omitempty"`
	State    person.DeliveryState `json:"state"`
	Outcome  string               `json:"outcome,omitempty"`
	Attempts int                  `json:"attempts,omitempty"`
	Next     string               `json:"next_attempt,omitempty"`
}

func (o *Operations) settings() []Operation {
	return []Operation{
		define(Operation{
			Name: "user_settings", Title: "User settings",
			Summary:     "Without arguments reads the user's settings, else changes those given. Also tells what time it is.",
			Example:     `{"time_zone": "Europe/Berlin"}`,
			Destructive: true,
			ReadsIf:     onlyReadsSettings,
			OpensIf:     opensReading,
		}, o.updateSettings),
	}
}

// onlyReadsSettings tells whether a call of user_settings asks and sets nothing.
func onlyReadsSettings(arguments json.RawMessage) bool {
	given := map[string]json.RawMessage{}
	if len(arguments) > 0 && json.Unmarshal(arguments, &given) != nil {
		return false
	}
	for name, value := range given {
		if name != "deliveries" && !isNull(value) {
			return false
		}
	}
	_, clears := given["reminder_offsets"] // null sets these
	_, lifts := given["quiet_hours"]
	return !clears && !lifts
}

// opensReading tells whether a call of user_settings makes a calendar feed or a
// channel: whoever has the address of the one, or the target of the other, reads
// tasks there, also when the token has ended.
func opensReading(arguments json.RawMessage) bool {
	given := map[string]json.RawMessage{}
	if len(arguments) > 0 && json.Unmarshal(arguments, &given) != nil {
		return false // as the call will be told
	}
	var feed string
	if json.Unmarshal(given["calendar_feed"], &feed) == nil && feed == "off" {
		delete(given, "calendar_feed")
	}
	for _, name := range []string{"calendar_feed", "add_channel"} {
		if value, there := given[name]; there && !isNull(value) {
			return true
		}
	}
	return false
}

func (o *Operations) updateSettings(ctx context.Context, user person.Settings, in person.SettingsInput) (settingsAnswer, error) {
	after, err := o.people.UpdateSettings(ctx, user, in)
	if err != nil {
		return settingsAnswer{}, err
	}
	zone := after.Zone()
	out := settingsAnswer{
		TimeZone: after.TimeZone, ReminderOffsets: after.ReminderOffsets, QuietHours: after.Delivery.QuietHours.String(),
		AllDayTime:   fmt.Sprintf("%02d:%02d", after.AllDayTime/60, after.AllDayTime%60),
		CalendarFeed: after.Delivery.CalendarFeed, Secret: after.WebhookSecret,
		Now: o.now().In(zone).Format(time.RFC3339), Changed: after.Changed,
	}
	for _, c := range after.Delivery.Channels {
		view := channelView{ID: c.ID, Kind: c.Kind, Target: c.Target, State: "on", Problem: c.Problem}
		switch {
		case !c.Confirmed:
			view.State = "unconfirmed"
		case !c.Enabled:
			view.State = "off"
		case c.Problem != "":
			view.State = "failing"
		}
		out.Channels = append(out.Channels, view)
	}
	for _, d := range after.Delivery.Deliveries {
		view := deliveryView{
			At: task.FormatTime(&d.At, zone), Target: d.Target, Kind: d.Kind, TaskID: d.TaskID,
			State: d.State, Outcome: d.Outcome, Attempts: d.Attempts,
		}
		if d.State == person.DeliveryPending {
			view.Next = task.FormatTime(&d.Next, zone)
		}
		out.Deliveries = append(out.Deliveries, view)
	}
	if after.CalendarSecret != "" {
		out.CalendarURL = o.root + "/calendar/" + after.CalendarSecret + ".ics"
		out.Note = "whoever has calendar_url reads the tasks; it is not shown again. "
	}
	if after.Asked != 0 {
		out.Note += "the channel is off until it is confirmed: a mail with a link is on its way to its address. "
	}
	if after.Tested != 0 {
		out.Note += `a test is on its way; {"deliveries": 3} shows in some seconds how it went`
	}
	if after.Left > 0 {
		out.Note = joinNotes(out.Note, fmt.Sprintf(`%s still meant in %s: {"bring_tasks_from": %q} moves them to %s, at the same wall time`, openTasks(after.Left), after.LeftIn, after.LeftIn, after.TimeZone))
	}
	if in.BringTasksFrom != "" {
		out.Note = joinNotes(out.Note, fmt.Sprintf("%d tasks were moved from %s to %s", after.Brought, in.BringTasksFrom, after.TimeZone))
	}
	return out, nil
}

func openTasks(n int) string {
	if n == 1 {
		return "1 open task is"
	}
	return fmt.Sprintf("%d open tasks are", n)
}

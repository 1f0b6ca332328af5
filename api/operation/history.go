package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tickler/internal/history"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

// Values are fields by their public names.
type Values map[string]any

// ChangeView is a change as callers see it. Before and After hold the fields that it
// changed; of a new task, After holds all of them. Dates are in the user's zone,
// categories and tags by name, long texts cut.
type ChangeView struct {
	ChangeID int64          `json:"change_id"`
	CallID   string         `json:"call_id" doc:"All changes of one call share it."`
	At       string         `json:"at"`
	By       string         `json:"by" doc:"Name of the token or connection, or of the app that acted on its own."`
	Actor    journal.Kind   `json:"actor" enum:"person,agent,system"`
	TokenID  int64          `json:"token_id,omitempty"`
	Client   string         `json:"client,omitempty"`
	Object   journal.Object `json:"object" enum:"task,category,tag,settings,channel,calendar_feed,token,user,session,passkey,comment"`
	ObjectID int64          `json:"object_id"`
	Name     string         `json:"name,omitempty" doc:"Title or name of the object; of a comment, the task's."`
	Action   journal.Action `json:"action" enum:"created,updated,completed,reopened,skipped,deleted,restored,reminded,blocked,unblocked,commented,revoked"`
	Before   Values         `json:"before,omitempty"`
	After    Values         `json:"after,omitempty"`
	Undoes   int64          `json:"undoes,omitempty" doc:"The change_id that this one took back."`
	Undone   bool           `json:"undone,omitempty" doc:"Was taken back."`

	// Titles are those of the tasks that Before and After name by id, for people.
	Titles map[int64]string `json:"-"`
}

// HistoryAnswer is the answer of get_history.
type HistoryAnswer struct {
	Changes    []ChangeView `json:"changes" open:"true" tooldoc:"Newest first, each with change_id, call_id, by, action, object, before, after."`
	NextCursor string       `json:"next_cursor,omitempty"`
	TimeZone   string       `json:"time_zone"`
}

// Next returns the cursor of the next page, or "".
func (a HistoryAnswer) Next() string { return a.NextCursor }

func (o *Operations) histories() []Operation {
	return []Operation{
		define(Operation{
			Name: "get_history", Title: "Get the history",
			Summary:  "What was changed, when and by whom, newest first: of one task or of all that is the user's.",
			Example:  `{"task_id": 7}`,
			Details:  "Goes back 90 days.",
			ReadOnly: true, Idempotent: true,
		}, o.history),
	}
}

func (o *Operations) history(ctx context.Context, user person.Settings, in history.ListInput) (HistoryAnswer, error) {
	found, err := o.changes.List(ctx, user, in)
	if err != nil {
		return HistoryAnswer{}, err
	}
	out := HistoryAnswer{Changes: []ChangeView{}, NextCursor: found.NextCursor, TimeZone: user.TimeZone}
	for _, c := range found.Changes {
		out.Changes = append(out.Changes, viewChange(c, found.Names, user))
	}
	return out, nil
}

func viewChange(c history.Change, names history.Names, user person.Settings) ChangeView {
	name := names.Of(c.Object, c.ObjectID)
	if on := history.Commented(c.Entry); on != 0 {
		name = names.Tasks[on]
	}
	return ChangeView{
		ChangeID: c.ID, CallID: c.CallID.String(), At: task.FormatTime(&c.At, user.Zone()),
		By: c.By.Name, Actor: c.By.Kind, TokenID: c.By.TokenID, Client: c.By.Client,
		Object: c.Object, ObjectID: c.ObjectID, Name: name, Action: c.Action,
		Before: inWords(c.Before, names, user), After: inWords(c.After, names, user), Undoes: c.Undoes, Undone: c.Undone,
		Titles: names.Tasks,
	}
}

// maxChangedText is how much of a text a change shows.
const maxChangedText = 200

// inWords renders the fields of an entry as their person knows them. Fields that
// follow from others are left out.
func inWords(fields json.RawMessage, names history.Names, user person.Settings) Values {
	var given map[string]json.RawMessage
	if json.Unmarshal(fields, &given) != nil || len(given) == 0 {
		return nil
	}
	out := Values{}
	for name, text := range given {
		var value any
		if json.Unmarshal(text, &value) != nil {
			continue
		}
		switch name {
		case "due_day", "all_day", "deleted", "completed": // shown by due_date; told by the action
		case "due_date", "completed_at", "absolute_reminder", "snoozed_until", "expires_at", "reminder_time", "start_date":
			out[name] = localTime(value, user.Zone())
		case "category_id":
			out["category"] = nameOf(names.Categories, value)
		case "tag_ids":
			ids, _ := value.([]any)
			tags := make([]any, len(ids))
			for i, id := range ids {
				tags[i] = nameOf(names.Tags, id)
			}
			out["tags"] = tags
		case "all_day_time":
			if minutes, ok := value.(float64); ok {
				value = time.Time{}.Add(time.Duration(minutes) * time.Minute).Format("15:04")
			}
			out[name] = value
		case "event_id", "at_once":
		default:
			out[name] = clipped(value)
		}
	}
	if day := wholeDay(given, user); day != "" {
		out["due_date"] = day
	}
	return out
}

// wholeDay returns the day that a task is due on, or "" if it is due at a moment or
// its date did not change.
func wholeDay(given map[string]json.RawMessage, user person.Settings) string {
	var due struct {
		Date   *time.Time
		Day    string
		AllDay bool
		Zone   string
	}
	due.Zone = user.TimeZone
	for name, target := range map[string]any{"due_date": &due.Date, "due_day": &due.Day, "all_day": &due.AllDay, "time_zone": &due.Zone} {
		if text, there := given[name]; there && json.Unmarshal(text, target) != nil {
			return ""
		}
	}
	switch {
	case due.Date == nil || due.Day != "":
		return due.Day
	case due.AllDay: // it became one that is due at a moment
		return due.Date.In(person.Zone(due.Zone)).Format(time.DateOnly)
	}
	return ""
}

func localTime(value any, zone *time.Location) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return value
	}
	return task.FormatTime(&at, zone)
}

// nameOf returns the name of a label, its id if nobody knows the name any more, or nil
// for none.
func nameOf(names map[int64]string, value any) any {
	id, ok := value.(float64)
	if !ok {
		return nil
	}
	if name, known := names[int64(id)]; known {
		return name
	}
	return fmt.Sprint(int64(id))
}

func clipped(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if r := []rune(text); len(r) > maxChangedText {
		return string(r[:maxChangedText]) + "…"
	}
	return text
}

package transfer

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// record is an object of another program. What is read of it is taken out, so that
// what is left is what was not read. Names are compared without case.
type record map[string]member

type member struct {
	name string
	text json.RawMessage
}

func lower(name string) string { return strings.ToLower(name) }

func (r record) set(name string, text json.RawMessage) { r[lower(name)] = member{name, text} }

func (r record) has(name string) bool { _, there := r[lower(name)]; return there }

// isList tells whether this is a list of tasks rather than a task: as Google and
// Microsoft write it, which leave out the tasks of an empty one, or a project of
// Vikunja.
func (r record) isList() bool {
	kind := textOf(r["kind"].text)
	return kind == "tasks#tasks" || kind == "tasks#taskList" || r.has("displayName") && !r.has("title") || r.has("parent_project_id")
}

// take takes a member out; nil if it is not there.
func (r record) take(name string) json.RawMessage {
	one := r[lower(name)]
	delete(r, lower(name))
	return one.text
}

// text is a member as text: also a number, true or false; "" if it is none of these.
func (r record) text(name string) string { return textOf(r.take(name)) }

func textOf(raw json.RawMessage) string {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(value)
	case float64, bool:
		return strings.Trim(string(raw), " ")
	}
	return ""
}

// number is a member as a whole number, 0 if it is none.
func (r record) number(name string) int64 {
	text := r.text(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, _ := strconv.ParseFloat(text, 64)
		if f > -1e15 && f < 1e15 {
			n = int64(f)
		}
	}
	return n
}

func (r record) flag(name string) bool { return strings.EqualFold(r.text(name), "true") }

// moment is a member as an instant, nil if it is none. Programs write year 1 for none.
func (r record) moment(name string) *time.Time { return momentOf(r.text(name)) }

func momentOf(text string) *time.Time {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(form, text); err == nil && at.Year() >= 1970 && at.Year() <= 9999 {
			return &at
		}
	}
	return nil
}

// millis is a member that counts milliseconds from 1970 as an instant, nil if it is
// none or 0.
func (r record) millis(name string) *time.Time {
	n := r.number(name)
	at := time.UnixMilli(n).UTC()
	if n <= 0 || at.Year() > 9999 {
		return nil
	}
	return &at
}

// record is a member that is an object; an empty one if it is none.
func (r record) record(name string) record {
	one, _ := recordOf(r.take(name))
	return one
}

// records is a member that is an array of objects; others in it are passed over.
func (r record) records(name string) (all []record) {
	var texts []json.RawMessage
	_ = json.Unmarshal(r.take(name), &texts)
	for _, text := range texts {
		if one, err := recordOf(text); err == nil && len(one) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// texts is a member that is an array of texts.
func (r record) texts(name string) (all []string) {
	var texts []json.RawMessage
	_ = json.Unmarshal(r.take(name), &texts)
	for _, text := range texts {
		if one := textOf(text); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// left lists the names of what was not taken and says something. Those ignored are
// about the program rather than the task.
func (r record) left(ignored string) (all []string) {
	for name, one := range r {
		if !slices.Contains(strings.Fields(ignored), name) && !strings.Contains(name, "@odata.") && !says(one.text, "null", `""`, "0", "false", "[]", "{}", "0.0", "-1", `"0001-01-01T00:00:00Z"`) {
			all = append(all, one.name)
		}
	}
	slices.Sort(all)
	return all
}

func says(raw json.RawMessage, texts ...string) bool {
	return slices.Contains(texts, strings.Join(strings.Fields(string(raw)), ""))
}

func recordOf(raw json.RawMessage) (record, error) {
	var members map[string]json.RawMessage
	err := json.Unmarshal(raw, &members)
	one := record{}
	for name, text := range members {
		one.set(name, text)
	}
	return one, err
}

package transfer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/limit"
	"tickler/internal/person"
)

// foreignParts limits each task of another program's JSON.
var foreignParts = limit.JSON{Depth: 16, Items: 1000, Values: 10_000}

const (
	// maxDepth of arrays and objects that are passed over.
	maxDepth = 64
	// maxMembers of an object that holds lists of tasks.
	maxMembers = 200
)

// jsonFile is JSON as it is read, value by value.
type jsonFile struct {
	*content
	file    *file
	decoder *json.Decoder
	user    person.Settings
	now     time.Time
}

func newJSONFile(f *file, c *content, user person.Settings, now time.Time) *jsonFile {
	f.entry()
	return &jsonFile{content: c, file: f, decoder: json.NewDecoder(f), user: user, now: now}
}

// members reads an object member by member.
func (j *jsonFile) members(member func(name string) error) error {
	if begins, err := j.begins('{'); err != nil || !begins {
		return cmp.Or(err, errors.New("it is no object"))
	}
	return j.rest(member)
}

// rest reads the members of an object that has begun.
func (j *jsonFile) rest(member func(name string) error) error {
	for j.decoder.More() {
		token, err := j.token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := j.token() // of the end of the object
	return err
}

// end refuses what stands behind the value.
func (j *jsonFile) end() error {
	if _, err := j.token(); !errors.Is(err, io.EOF) {
		return cmp.Or(j.file.err, errors.New("something stands behind it"))
	}
	return nil
}

// list reads an array element by element. null is an empty array.
func (j *jsonFile) list(one func() error) error {
	if begins, err := j.begins('['); err != nil || !begins {
		return err
	}
	return j.elements(one)
}

// elements reads an array that has begun.
func (j *jsonFile) elements(one func() error) error {
	for j.decoder.More() {
		if err := one(); err != nil {
			return err
		}
	}
	_, err := j.token()
	return err
}

func (j *jsonFile) token() (json.Token, error) {
	j.file.entry()
	return j.decoder.Token()
}

// begins reports whether an object or array begins here; false for null.
func (j *jsonFile) begins(bracket json.Delim) (bool, error) {
	token, err := j.token()
	switch {
	case err != nil:
		return false, err
	case token == nil:
		return false, nil
	case token != bracket:
		return false, fmt.Errorf("it has %v where %v is wanted", token, bracket)
	}
	return true, nil
}

// skip passes over a value.
func (j *jsonFile) skip() error {
	for depth := 0; ; {
		token, err := j.token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return fault.Invalid("body", "is nested more than %d deep", maxDepth)
		}
		if depth == 0 {
			return nil
		}
	}
}

// raw reads a value as it stands, after checking what decoding it can cost.
func (j *jsonFile) raw(parts limit.JSON) (json.RawMessage, error) {
	j.file.entry()
	var text json.RawMessage
	if err := j.decoder.Decode(&text); err != nil {
		return nil, err
	}
	return text, parts.Check(text)
}

// value reads a value of our own strictly.
func (j *jsonFile) value(into any) error {
	text, err := j.raw(documentParts)
	if err != nil {
		return err
	}
	if escape, member := input.HalfSurrogate(text); escape != "" {
		return fault.Invalid(cmp.Or(fault.Clip(member), "body"), "holds %s, half of a surrogate pair, which is no character; nothing was imported", escape)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	return strict.Decode(into)
}

// nested reads an object that is either a task or holds lists of tasks, as members of
// some names, which may be nested themselves. A list gives its title to its tasks.
func (j *jsonFile) nested(holds map[string]bool, titled func(record) string, read func(record) item) error {
	return j.within(holds, titled, read, 0)
}

func (j *jsonFile) within(holds map[string]bool, titled func(record) string, read func(record) item, depth int) error {
	if depth > maxDepth {
		return fault.Invalid("body", "is nested more than %d deep", maxDepth)
	}
	token, err := j.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("it has %v where an object is wanted", token)
	}
	self, first, isList, size, reason := record{}, len(j.items), false, 0, ""
	err = j.rest(func(name string) error {
		if holds[lower(name)] {
			isList = true
			return j.list(func() error { return j.within(holds, titled, read, depth+1) })
		}
		text, err := j.raw(foreignParts)
		if e := (*limit.Error)(nil); errors.As(err, &e) {
			reason = fault.Clip(name) + ": it " + e.Message
			return nil
		}
		if err != nil {
			return err
		}
		if size += len(name) + len(text); size > maxEntry {
			return errLongEntry
		}
		if len(self) == maxMembers {
			return fault.Invalid("body", "has an object of more than %d members", maxMembers)
		}
		self.set(name, text)
		return nil
	})
	if err != nil {
		return err
	}
	if !isList {
		switch {
		case self.isList():
			return nil // an empty one
		case !self.has("title") && !self.has("task"):
			return errors.New("it has a task without a title")
		}
		i := read(self)
		i.row, i.reason = len(j.items)+1, cmp.Or(i.reason, reason)
		return j.add(i)
	}
	title := titled(self)
	for n := first; n < len(j.items); n++ {
		if j.items[n].in.Category.Value == "" && title != "" {
			j.items[n].in.Category = input.Some(title)
		}
	}
	return nil
}

// begin begins a task, whose id in its program is a member. One without an id is told
// from others by all that it says; the same again in the file is another task.
func (j *jsonFile) begin(r record, id string) item {
	i := item{uid: r.text(id)}
	if i.uid != "" {
		i.in.IdempotencyKey = key(j.format, i.uid)
		return i
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		all = append(all, name, string(r[name].text))
	}
	i.in.IdempotencyKey = j.alike(all...)
	return i
}

package operation

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tickler/internal/fault"
	"tickler/internal/limit"
)

// Coerce rewrites the arguments of an agent's call to what Call takes. Agents'
// clients send null or "" for what is not given, numbers and lists as text, and
// fields of their own. What can mean one thing only becomes that; the rest stays as
// it is, for Call to refuse. The notes are for the answer: they name what was
// passed over.
//
// Arguments over REST are not coerced. There null clears a field (RFC 7396), and
// programs are told of their mistakes.
func (o Operation) Coerce(arguments json.RawMessage) (coerced json.RawMessage, notes []string) {
	var c coercion
	coerced = c.object(arguments, o.In)
	if len(c.strange) > 0 {
		notes = append(notes, "passed over, since there are no such fields here: "+some(c.strange))
	}
	if len(c.empty) > 0 {
		notes = append(notes, `"" counts as not given; "clear" empties a field: `+some(c.empty))
	}
	return coerced, notes
}

// coercion notes what one call lost.
type coercion struct {
	strange []string // fields that resemble none
	empty   []string // fields given as "" where clear would empty them
}

// some lists the first names, each once.
func some(names []string) string {
	const most = 10
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for i := range names {
		names[i] = fault.Clip(names[i])
	}
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return strings.Join(names, ", ")
}

// object coerces the fields of an object of a type.
func (c *coercion) object(raw json.RawMessage, t reflect.Type) json.RawMessage {
	var given map[string]json.RawMessage
	if raw = unquoted(raw, "{"); !utf8.Valid(raw) || json.Unmarshal(raw, &given) != nil || given == nil {
		return raw
	}
	known := arguments(t)
	clears := slices.ContainsFunc(known, argument.clears)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		i := slices.IndexFunc(known, func(a argument) bool { return a.name == name })
		switch {
		case isNull(value):
			delete(given, name)
		case i < 0:
			if advise(name, known).text == "" {
				c.strange = append(c.strange, name)
				delete(given, name)
			}
		case !known[i].required && isEmpty(value):
			if clears && known[i].clearable() {
				c.empty = append(c.empty, name)
			}
			delete(given, name)
		default:
			given[name] = c.value(value, known[i])
		}
	}
	coerced, err := json.Marshal(given)
	if err != nil {
		return raw
	}
	return coerced
}

// value coerces the value of a field.
func (c *coercion) value(value json.RawMessage, a argument) json.RawMessage {
	switch a.value.Kind() {
	case reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(a.list(value), &items) != nil {
			return value
		}
		batch, isBatch := reflect.Zero(a.value).Interface().(interface{ item() reflect.Type })
		for i := range items {
			switch {
			case isBatch:
				items[i] = c.object(items[i], batch.item())
			case !isNull(items[i]):
				items[i] = a.spelled(scalar(items[i], a.value.Elem().Kind()))
			}
		}
		coerced, err := json.Marshal(items)
		if err != nil {
			return value
		}
		return coerced
	case reflect.Struct:
		return c.object(alone(value, a.value), a.value)
	default:
		return a.spelled(scalar(value, a.value.Kind()))
	}
}

// spelled returns the allowed value that a text is in other letters: HIGH.
func (a argument) spelled(value json.RawMessage) json.RawMessage {
	text, isText := textOf(value)
	if !isText {
		return value
	}
	for _, allowed := range a.enum() {
		if strings.EqualFold(strings.TrimSpace(text), allowed) {
			return json.RawMessage(strconv.Quote(allowed))
		}
	}
	return value
}

// list returns the array that a value stands for, or the value if it is no list, or
// could be more than one.
func (a argument) list(value json.RawMessage) json.RawMessage {
	value = unquoted(value, "[")
	text, isText := textOf(value)
	text = strings.TrimSpace(text)
	one := slices.Concat([]byte("["), value, []byte("]"))
	switch kind := a.value.Elem().Kind(); {
	case bytes.HasPrefix(value, []byte("[")):
	case kind == reflect.Int || kind == reflect.Int64:
		if _, err := integer(scalar(value, kind)); err == nil {
			return one
		}
	case kind == reflect.String && isText && a.enum() != nil:
		var items []string // no allowed value has a comma in it
		for part := range strings.SplitSeq(text, ",") {
			items = append(items, strings.TrimSpace(part))
		}
		list, _ := json.Marshal(items) // texts always marshal
		return list
	case kind == reflect.String && isText && !strings.ContainsAny(text, ",;\n") && !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{"):
		return one
	case kind == reflect.Slice && bytes.HasPrefix(unquoted(value, "{"), []byte("{")): // a batch of one
		return one
	}
	return value
}

// alone returns the object that a value stands for which is given in place of one: that
// with the field that is marked so and nothing else. What was to be an object or a list
// stays as it is.
func alone(value json.RawMessage, t reflect.Type) json.RawMessage {
	fields := arguments(t)
	i := slices.IndexFunc(fields, func(a argument) bool { return a.tag.Get("alone") != "" })
	if i < 0 || bytes.HasPrefix(unquoted(value, "{"), []byte("{")) {
		return value
	}
	kind := fields[i].value.Kind()
	if kind == reflect.String {
		if text, isText := textOf(value); !isText || strings.HasPrefix(strings.TrimSpace(text), "{") {
			return value
		}
	} else if _, err := integer(scalar(value, kind)); err != nil {
		return value
	}
	object, err := json.Marshal(map[string]json.RawMessage{fields[i].name: value})
	if err != nil {
		return value
	}
	return object
}

// scalar returns the number or boolean that a text is, where one is wanted.
func scalar(value json.RawMessage, wanted reflect.Kind) json.RawMessage {
	text, isText := textOf(value)
	if text = strings.TrimSpace(text); !isText {
		return value
	}
	switch wanted {
	case reflect.Int, reflect.Int64:
		if n, err := integer(json.RawMessage(text)); err == nil && json.Valid([]byte(text)) {
			return json.RawMessage(strconv.FormatInt(n, 10))
		}
	case reflect.Bool:
		if lower := strings.ToLower(text); lower == "true" || lower == "false" {
			return json.RawMessage(lower)
		}
	}
	return value
}

// unquoted returns the JSON that a text holds if that begins with a bracket, else
// the value without blanks around it.
func unquoted(value json.RawMessage, bracket string) json.RawMessage {
	text, isText := textOf(value)
	inner := []byte(strings.TrimSpace(text))
	if isText && bytes.HasPrefix(inner, []byte(bracket)) && json.Valid(inner) && limit.Body.Check(inner) == nil {
		return inner
	}
	return bytes.TrimSpace(value)
}

func textOf(value json.RawMessage) (text string, isText bool) {
	isText = bytes.HasPrefix(bytes.TrimSpace(value), []byte(`"`)) && json.Unmarshal(value, &text) == nil
	return text, isText
}

func isEmpty(value json.RawMessage) bool {
	text, isText := textOf(value)
	return isText && strings.TrimSpace(text) == ""
}

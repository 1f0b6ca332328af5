package operation

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// argument is one field of an input type, as its tags describe it.
type argument struct {
	name     string
	index    []int
	value    reflect.Type // of the value, without input.Optional
	optional bool         // is an input.Optional: null clears
	required bool
	unlisted bool // is taken, but left out of the schemas of tools
	told     bool // the schema of another tool has its description
	tag      reflect.StructTag
}

// element identifies an input.Optional by reflection.
type element interface{ Element() any }

// arguments lists the fields of a struct type in order.
func arguments(t reflect.Type) []argument {
	var all []argument
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" {
			continue
		}
		a := argument{name: name, index: f.Index, value: f.Type, tag: f.Tag}
		if o, ok := reflect.Zero(f.Type).Interface().(element); ok {
			a.optional = true
			a.value = reflect.TypeOf(o.Element())
		}
		a.optional = a.optional && f.Tag.Get("null") != "absent"
		a.required = !strings.Contains(options, "omit") && !behindPointer(t, f)
		a.unlisted = f.Tag.Get("unlisted") != ""
		for n := 1; n < len(f.Index); n++ { // what an embedding struct says of its use of the field
			use := t.FieldByIndex(f.Index[:n]).Tag
			a.unlisted = a.unlisted || use.Get("unlisted") != ""
			a.told = a.told || use.Get("told") != ""
			a.required = a.required || slices.Contains(strings.Split(use.Get("required"), ","), name)
			a.optional = a.optional && use.Get("null") != "absent"
		}
		all = append(all, a)
	}
	return all
}

// behindPointer reports whether a field is promoted from an embedded pointer, which
// may be nil.
func behindPointer(t reflect.Type, f reflect.StructField) bool {
	for n := 1; n < len(f.Index); n++ {
		if t.FieldByIndex(f.Index[:n]).Type.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// clears reports whether the argument names fields to clear, each of which becomes
// null in what is decoded.
func (a argument) clears() bool { return a.tag.Get("clears") != "" }

// clearable reports whether null means something in a field.
func (a argument) clearable() bool { return a.optional && a.tag.Get("minLength") == "" }

// check refuses a value of the wrong JSON type and an integer out of range. It
// returns the value in the form that encoding/json accepts: 7.0 becomes 7.
func (a argument) check(value json.RawMessage) (json.RawMessage, error) {
	switch a.value.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := integer(value)
		if err != nil {
			return nil, fault.Invalid(a.name, "must be an integer; %s", a.expects()).WithHint(a.recast(value))
		}
		if low, set := a.limit("minimum"); set && n < low {
			return nil, fault.Invalid(a.name, "%d is too small; %s", n, a.expects())
		}
		if high, set := a.limit("maximum"); set && n > high {
			return nil, fault.Invalid(a.name, "%d is too large; %s", n, a.expects())
		}
		return json.RawMessage(strconv.FormatInt(n, 10)), nil
	case reflect.Slice:
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return nil, fault.Invalid(a.name, "must be %s; %s", a.array(), a.expects()).WithHint(a.recast(value))
		}
		if a.value.Elem() != reflect.TypeFor[json.RawMessage]() && slices.ContainsFunc(items, isNull) { // items of a batch are decoded one by one
			return nil, fault.Invalid(a.name, "has a null in it; %s", a.expects())
		}
	case reflect.Struct:
		return value, a.checkObject(value)
	case reflect.Bool:
		if text := string(bytes.TrimSpace(value)); text != "true" && text != "false" {
			return nil, fault.Invalid(a.name, "must be true or false, without quotes; %s", a.expects())
		}
	case reflect.String:
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, fault.Invalid(a.name, "must be a string; %s", a.expects()).WithHint(a.recast(value))
		}
		if allowed := a.enum(); allowed != nil && !slices.Contains(allowed, text) {
			return nil, fault.Invalid(a.name, "%q is not allowed; %s", fault.Clip(text), a.expects()).WithHint(meantValue(text, allowed).text)
		}
	}
	return value, nil
}

// checkText refuses half of a surrogate pair, which would become another
// character. Items that are decoded by themselves are checked then.
func (a argument) checkText(value json.RawMessage) error {
	if a.value.Kind() == reflect.Slice && a.value.Elem() == reflect.TypeFor[json.RawMessage]() {
		return nil
	}
	escape, member := input.HalfSurrogate(value)
	if escape == "" {
		return nil
	}
	in := ""
	if member != "" {
		in = " in its " + fault.Clip(member)
	}
	return fault.Invalid(a.name, `holds %s%s, half of a surrogate pair, which is no character; send both halves, for example \ud83d\ude00, or the character itself as UTF-8`, escape, in)
}

// checkObject refuses what is no object with the fields of the argument's type.
func (a argument) checkObject(value json.RawMessage) error {
	fields := arguments(a.value)
	var given map[string]json.RawMessage
	if err := json.Unmarshal(value, &given); err != nil {
		return fault.Invalid(a.name, "must be an object, for example %s", a.sample())
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(fields, func(f argument) bool { return f.name == name })
		if i < 0 {
			return fault.Invalid(a.name, "has no field %s; for example %s", strconv.Quote(fault.Clip(name)), a.sample())
		}
		if isNull(given[name]) {
			return fault.Invalid(a.name, "has null for %s; leave that out instead, for example %s", name, a.sample())
		}
		if _, err := fields[i].check(given[name]); err != nil {
			wrong := err.Error()
			if known := (*fault.Error)(nil); errors.As(err, &known) {
				wrong = known.Message // its code is that of the whole
			}
			return fault.Invalid(a.name, "is wrong: %s; for example %s", wrong, a.sample())
		}
	}
	for _, f := range fields {
		if f.required && given[f.name] == nil {
			return fault.Invalid(a.name, "needs %s; for example %s", f.name, a.sample())
		}
	}
	return nil
}

func isNull(value json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(value), []byte("null")) }

func integer(value json.RawMessage) (int64, error) {
	text := string(bytes.TrimSpace(value))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%s is not an integer", text)
	}
	return int64(f), nil
}

func (a argument) limit(tag string) (int64, bool) {
	n, err := strconv.ParseInt(a.tag.Get(tag), 10, 64)
	return n, err == nil
}

// array names the kind of array a field takes, for error messages.
func (a argument) array() string {
	if a.value.Kind() == reflect.Slice {
		switch a.value.Elem().Kind() {
		case reflect.String:
			return "an array of strings"
		case reflect.Int, reflect.Int64:
			return "an array of integers"
		}
	}
	return "an array"
}

// expects describes what a field takes, for error messages.
func (a argument) expects() string {
	var parts []string
	if allowed := a.enum(); allowed != nil {
		parts = append(parts, "allowed are "+strings.Join(allowed, ", "))
	}
	low, high := a.tag.Get("minimum"), a.tag.Get("maximum")
	switch {
	case low != "" && high != "":
		parts = append(parts, fmt.Sprintf("allowed are %s to %s", low, high))
	case low != "":
		parts = append(parts, "at least "+low)
	}
	if n := a.tag.Get("maxLength"); n != "" {
		parts = append(parts, "at most "+n+" characters")
	}
	if n := a.tag.Get("maxItems"); n != "" {
		parts = append(parts, "at most "+n+" values")
	}
	return strings.Join(append(parts, "for example "+a.sample()), ", ")
}

// sample returns a JSON value that the field accepts.
func (a argument) sample() string {
	if s := cmp.Or(a.tag.Get("example"), a.tag.Get("sample")); s != "" {
		if a.value.Kind() == reflect.String {
			return strconv.Quote(s)
		}
		return s
	}
	if allowed := a.enum(); allowed != nil {
		if a.value.Kind() == reflect.Slice {
			return "[" + strconv.Quote(allowed[0]) + "]"
		}
		return strconv.Quote(allowed[0])
	}
	switch a.value.Kind() {
	case reflect.Int, reflect.Int64:
		return "7"
	case reflect.Bool:
		return "true"
	case reflect.Struct:
		return example(arguments(a.value))
	case reflect.Slice:
		if a.value.Elem().Kind() == reflect.String {
			return `["home"]`
		}
		return "[1, 2]"
	default:
		return `"text"`
	}
}

func example(known []argument) string {
	var parts []string
	for _, a := range known {
		if a.required {
			parts = append(parts, strconv.Quote(a.name)+": "+a.sample())
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

package operation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"tickler/internal/fault"
)

// decode reads arguments strictly. The error for an unknown field suggests the
// nearest known one; that for a wrong type says what is expected. Unless a field is
// an input.Optional, null means the same as leaving it out.
func decode[In any](raw json.RawMessage) (In, error) {
	var in In
	known := arguments(reflect.TypeFor[In]())
	given := map[string]json.RawMessage{}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("null")) {
		if !utf8.Valid(trimmed) {
			return in, fault.Invalid("arguments", "are not valid UTF-8; send JSON encoded as UTF-8")
		}
		if err := json.Unmarshal(trimmed, &given); err != nil {
			return in, fault.Invalid("arguments", "must be a JSON object, for example %s", example(known))
		}
	}
	var strange []string
	for _, name := range slices.Sorted(maps.Keys(given)) { // sorted, so that the error is always the same
		if !slices.ContainsFunc(known, func(a argument) bool { return a.name == name }) {
			strange = append(strange, name)
		}
	}
	if len(strange) > 0 {
		sure := slices.IndexFunc(strange, func(name string) bool { return advise(name, known).sure })
		return in, unknown(strange[max(sure, 0)], known)
	}
	if err := clearFields(given, known); err != nil {
		return in, err
	}
	target := reflect.ValueOf(&in).Elem()
	for _, a := range known {
		value, present := given[a.name]
		null := isNull(value)
		if !present || (null && !a.optional) {
			if a.required {
				return in, fault.Invalid(a.name, "is required; %s", a.expects())
			}
			continue
		}
		field, err := target.FieldByIndexErr(a.index)
		if err != nil {
			return in, fmt.Errorf("field %s: %w", a.name, err)
		}
		if !null {
			if err := a.checkText(value); err != nil {
				return in, err
			}
			if value, err = a.check(value); err != nil {
				return in, err
			}
		}
		if err := json.Unmarshal(value, field.Addr().Interface()); err != nil {
			return in, fault.Invalid(a.name, "has something of another type in it; it must be %s; %s", a.array(), a.expects())
		}
	}
	return in, nil
}

// clearFields sets the fields to null that the argument with the tag clears names.
func clearFields(given map[string]json.RawMessage, known []argument) error {
	i := slices.IndexFunc(known, argument.clears)
	if i < 0 || given[known[i].name] == nil || isNull(given[known[i].name]) {
		return nil
	}
	var names, allowed []string
	if json.Unmarshal(given[known[i].name], &names) != nil {
		return nil // refused when it is decoded
	}
	for _, a := range known {
		if a.clearable() {
			allowed = append(allowed, a.name)
		}
	}
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			refusal := fault.Invalid(known[i].name, "%q is no field that can be emptied; allowed are %s, for example [%q]", fault.Clip(name), strings.Join(allowed, ", "), allowed[0])
			if near := fault.Nearest(name, allowed); near != "" {
				refusal = refusal.WithHint(meant(near).text)
			}
			return refusal
		}
		if value := given[name]; value != nil && !isNull(value) {
			return fault.Invalid(known[i].name, "names %s, which is given a value too; do one of them, for example {%q: [%q]}", name, known[i].name, name)
		}
		given[name] = json.RawMessage("null")
	}
	return nil
}

func unknown(name string, known []argument) error {
	names := make([]string, len(known))
	for i, a := range known {
		names[i] = a.name
	}
	allowed := "allowed are " + strings.Join(names, ", ")
	if len(names) == 0 {
		allowed = "there are none"
	}
	return fault.Invalid(fault.Clip(name), "is not a field here; %s", allowed).WithHint(advise(name, known).text)
}

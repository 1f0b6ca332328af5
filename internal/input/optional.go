// Package input holds what every use case needs to read a caller's input: optional
// fields, and checks of texts, names and enumerations.
package input

import (
	"bytes"
	"encoding/json"
)

// Optional distinguishes a field that was left out, null, or given a value. In an
// update, null clears a field. In JSON it needs the tag omitzero.
type Optional[T any] struct {
	Set   bool // the field was given, as null or with a value
	Null  bool
	Value T
}

// Some is a field that was given with a value.
func Some[T any](value T) Optional[T] { return Optional[T]{Set: true, Value: value} }

// Null is a field that was given as null.
func Null[T any]() Optional[T] { return Optional[T]{Set: true, Null: true} }

// UnmarshalJSON is called only for fields that are present.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// MarshalJSON writes the value, or null.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if !o.Set || o.Null {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// IsZero reports whether the field was left out.
func (o Optional[T]) IsZero() bool { return !o.Set }

// Element is a zero value of the type that the option holds, for those who
// describe inputs by reflection.
func (o Optional[T]) Element() any { return o.Value }

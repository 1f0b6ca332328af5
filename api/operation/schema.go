package operation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// schemas makes JSON Schemas (2020-12) of types from their tags: doc, enum, minimum,
// maximum, minLength, maxLength, minItems, maxItems, example, open. Its
// fields select what a schema includes.
type schemas struct {
	required bool // which properties are always present
	closed   bool // that no other properties are allowed
	nullable bool // that null clears a property
	values   bool // allowed values and ranges
	lengths  bool // allowed lengths
	words    bool // descriptions
	examples bool
	// spares and forTools leave out what an agent does not need, to keep the list of
	// tools small. Both leave out fields with the tag unlisted, such as ids where a name
	// is taken too.
	//
	// spares is for arguments: it leaves out descriptions that another tool has, by the
	// tag told. forTools is for answers: it leaves out the properties of objects that
	// another tool's schema has, by the tag open, and the types of values in arrays.
	spares, forTools bool
	// named, unless nil, returns a reference to the schema of a struct; describe makes
	// that schema.
	named func(t reflect.Type, describe func() *jsonschema.Schema) *jsonschema.Schema
}

// What a schema includes depends on its reader.
var (
	// Agents' clients convert the schemas of arguments to those of their model's
	// vendor, and drop a tool, or all of them, over a list of types, a null among the
	// values or additionalProperties: false. So the schemas are plain, and decode and
	// Coerce check what these do not say. A tool's description has an example of the
	// whole call.
	ofArguments = schemas{required: true, values: true, words: true, spares: true}
	ofBody      = schemas{required: true, closed: true, nullable: true, values: true, lengths: true, words: true, examples: true}
	// Nothing is required in a tool's answer: empty properties are left out, and a
	// failed call has only error. Models read answers, and hardly their schemas, so
	// these name what there is and do not describe it.
	ofToolAnswer = schemas{forTools: true}
	ofAnswer     = schemas{required: true, values: true, lengths: true, words: true, examples: true}
)

// InputSchema returns the schema of a tool's arguments.
func InputSchema(t reflect.Type) json.RawMessage { return marshal(ofArguments.object(t)) }

// OutputSchema returns the schema of a tool's answer, which can always have a note or
// an error. The server's instructions describe these once for all tools.
func OutputSchema(t reflect.Type) json.RawMessage {
	schema := ofToolAnswer.object(t)
	schema.Properties["error"] = &jsonschema.Schema{Type: "object"}
	schema.Properties["note"] = &jsonschema.Schema{Type: "string"}
	return marshal(schema)
}

// AnswerSchema returns the full schema of an answer, for programs. named returns a
// reference to the schema of a struct; describe makes that schema.
func AnswerSchema(t reflect.Type, named func(t reflect.Type, describe func() *jsonschema.Schema) *jsonschema.Schema) *jsonschema.Schema {
	describing := ofAnswer
	describing.named = named
	return describing.value(t)
}

func (s schemas) value(t reflect.Type) *jsonschema.Schema {
	if batch, ok := reflect.Zero(t).Interface().(interface{ item() reflect.Type }); ok {
		item := s
		item.lengths, item.words, item.examples = false, false, false // the operation on one task describes the fields
		return &jsonschema.Schema{Type: "array", Items: item.object(batch.item())}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem())
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}
	case reflect.Int, reflect.Int64:
		return &jsonschema.Schema{Type: "integer"}
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number"}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: s.value(t.Elem())}
	case reflect.Map:
		return &jsonschema.Schema{Type: "object"}
	case reflect.Struct:
		if s.named != nil {
			return s.named(t, func() *jsonschema.Schema { return s.object(t) })
		}
		return s.object(t)
	default:
		panic("no schema for " + strconv.Quote(t.String())) // a mistake in a type, found by any test
	}
}

func (s schemas) object(t reflect.Type) *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	for _, a := range arguments(t) {
		if (s.spares || s.forTools) && a.unlisted {
			continue
		}
		schema.Properties[a.name] = s.property(a)
		if s.required && a.required {
			schema.Required = append(schema.Required, a.name)
		}
	}
	if s.closed {
		schema.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}} // false
	}
	return schema
}

func (s schemas) property(a argument) *jsonschema.Schema {
	schema := s.value(a.value)
	element := schema // the schema of each value of an array
	if schema.Items != nil {
		element = schema.Items
	}
	if s.values {
		for _, value := range a.enum() {
			element.Enum = append(element.Enum, value)
		}
		if s.nullable && a.optional && element.Enum != nil {
			element.Enum = append(element.Enum, nil)
		}
		if schema.Maximum = a.bound("maximum"); schema.Maximum != nil || !s.spares { // that ids begin at 1 goes without saying
			schema.Minimum = a.bound("minimum")
		}
		schema.MinItems = a.length("minItems")
	}
	if s.lengths {
		schema.MinLength, schema.MaxLength, schema.MaxItems = a.length("minLength"), a.length("maxLength"), a.length("maxItems")
	}
	if s.words {
		schema.Description = a.tag.Get("doc")
	}
	if s.spares && a.told {
		schema.Description = ""
	}
	if s.examples {
		schema.Examples = a.examples()
	}
	if s.forTools && a.tag.Get("open") != "" {
		element.Properties = nil
	}
	if s.forTools && element.Properties == nil {
		schema.Items = nil
	}
	if s.nullable && a.optional {
		schema.Type, schema.Types = "", []string{schema.Type, "null"}
	}
	return schema
}

func (a argument) bound(tag string) *float64 {
	n, set := a.limit(tag)
	if !set {
		return nil
	}
	f := float64(n)
	return &f
}

func (a argument) length(tag string) *int {
	n, set := a.limit(tag)
	if !set {
		return nil
	}
	i := int(n)
	return &i
}

func (a argument) examples() []any {
	example := a.tag.Get("example")
	if example == "" {
		return nil
	}
	if a.value.Kind() == reflect.String {
		return []any{example}
	}
	var value any
	if err := json.Unmarshal([]byte(example), &value); err != nil {
		panic(fmt.Sprintf("example of %s: %v", a.name, err)) // a mistake in a tag, found by any test
	}
	return []any{value}
}

// enum lists the allowed values; nil if there is no such list.
func (a argument) enum() []string {
	if text := a.tag.Get("enum"); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

func marshal(schema *jsonschema.Schema) json.RawMessage {
	text, err := json.Marshal(schema)
	if err != nil {
		panic(err) // a schema made here always marshals
	}
	return text
}

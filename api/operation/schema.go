package operation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// object is a JSON Schema (2020-12) object in the making.
type object map[string]any

// InputSchema describes an input type from its tags: doc, enum, minimum,
// maximum, minLength, maxLength, maxItems, example.
func InputSchema(t reflect.Type) json.RawMessage {
	properties, required := object{}, []string{}
	for _, a := range arguments(t) {
		properties[a.name] = a.schema()
		if a.required {
			required = append(required, a.name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return marshal(schema)
}

func (a argument) schema() object {
	schema := valueSchema(a.value)
	described := schema // of an array, an enum is that of its items
	if items, ok := schema["items"].(object); ok {
		described = items
	}
	if enum := a.tag.Get("enum"); enum != "" {
		values := []any{}
		for _, v := range strings.Split(enum, ",") {
			values = append(values, v)
		}
		if a.optional {
			values = append(values, nil)
		}
		described["enum"] = values
	}
	types := []any{schema["type"]}
	if a.single() {
		types = append(types, schema["items"].(object)["type"])
	}
	if a.optional {
		types = append(types, "null")
	}
	if len(types) > 1 {
		schema["type"] = types
	}
	for _, limit := range []string{"minimum", "maximum", "minLength", "maxLength", "maxItems"} {
		if n, set := a.limit(limit); set {
			schema[limit] = n
		}
	}
	if doc := a.tag.Get("doc"); doc != "" {
		schema["description"] = doc
	}
	if example := a.tag.Get("example"); example != "" {
		var value any = example
		if a.value.Kind() != reflect.String {
			if err := json.Unmarshal([]byte(example), &value); err != nil {
				panic(fmt.Sprintf("example of %s: %v", a.name, err)) // a mistake in a tag, found by any test
			}
		}
		schema["examples"] = []any{value}
	}
	return schema
}

// OutputSchema describes a result type. Nothing is required: what is empty is
// left out, and a failed call has only the property error, which the
// instructions of the server describe once for all tools. So that the list of
// all tools stays small, a field with the tag open is an object whose
// properties another tool's schema tells.
func OutputSchema(t reflect.Type) json.RawMessage {
	schema := valueSchema(t)
	schema["properties"].(object)["error"] = object{"type": "object"}
	return marshal(schema)
}

func valueSchema(t reflect.Type) object {
	if several, ok := reflect.Zero(t).Interface().(interface{ item() reflect.Type }); ok {
		return object{"type": "array", "items": itemSchema(several.item())}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return valueSchema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Slice:
		return object{"type": "array", "items": valueSchema(t.Elem())}
	case reflect.Struct:
		properties := object{}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "" {
				continue
			}
			property := valueSchema(f.Type)
			if f.Tag.Get("open") != "" {
				closed := property
				if items, ok := property["items"].(object); ok {
					closed = items
				}
				delete(closed, "properties")
			}
			if doc := f.Tag.Get("doc"); doc != "" {
				property["description"] = doc
			}
			properties[name] = property
		}
		return object{"type": "object", "properties": properties}
	default:
		panic("no schema for " + strconv.Quote(t.String())) // a mistake in a type, found by any test
	}
}

// itemSchema describes one of several inputs. What its fields mean is told once,
// by the tool that takes one.
func itemSchema(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, a := range arguments(t) {
		property := a.schema()
		for _, told := range []string{"description", "examples", "minLength", "maxLength", "maxItems"} {
			delete(property, told)
		}
		properties[a.name] = property
		if a.required {
			required = append(required, a.name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func marshal(schema object) json.RawMessage {
	text, err := json.Marshal(schema)
	if err != nil {
		panic(err) // maps, strings and numbers always marshal
	}
	return text
}

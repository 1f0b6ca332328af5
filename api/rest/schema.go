package rest

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"tickler/api/operation"
	"tickler/internal/fault"
)

// names of the types that several answers hold, in the document.
var names = map[reflect.Type]string{
	reflect.TypeFor[operation.View]():           "Task",
	reflect.TypeFor[operation.RecurrenceView](): "Recurrence",
	reflect.TypeFor[fault.Error]():              "Error",
	reflect.TypeFor[problem]():                  "Problem",
}

// answerSchema describes an answer. Types with a name are described once, among
// the document's components.
func answerSchema(document *huma.OpenAPI, t reflect.Type) *huma.Schema {
	return free(answerObject(document.Components.Schemas.Map(), t))
}

func answerObject(components map[string]*huma.Schema, t reflect.Type) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": answerObject(components, t.Elem())}
	case reflect.Struct:
	default:
		panic("no schema for " + t.String()) // a mistake in a type, found by any test
	}
	name := names[t]
	if name == "" && unicode.IsLower(rune(t.Name()[0])) {
		name = strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	}
	if name == "" {
		return structObject(components, t)
	}
	if components[name] == nil {
		components[name] = &huma.Schema{} // it may hold itself
		components[name] = free(structObject(components, t))
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

func structObject(components map[string]*huma.Schema, t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" {
			continue
		}
		property := answerObject(components, f.Type)
		if doc := f.Tag.Get("doc"); doc != "" && !strings.Contains(doc, "_") { // what other tools return is told right here
			property["description"] = doc
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			values := []any{}
			for _, value := range strings.Split(enum, ",") {
				values = append(values, value)
			}
			property["enum"] = values
		}
		properties[name] = property
		if !strings.Contains(options, "omitempty") && !maybeMissing(t, f) {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// maybeMissing tells whether a field is of an embedded pointer, which may be nil.
func maybeMissing(t reflect.Type, f reflect.StructField) bool {
	for n := 1; n < len(f.Index); n++ {
		if t.FieldByIndex(f.Index[:n]).Type.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

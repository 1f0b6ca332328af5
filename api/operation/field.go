package operation

import (
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Field is one field of an operation's input, for transports that assemble the
// input from several places.
type Field struct {
	Name     string
	Required bool
	Text     bool               // a string
	List     bool               // several values
	Element  reflect.Type       // of a value, or of one of several
	Schema   *jsonschema.Schema // of the value
}

// Fields lists the fields of the input, as a body in JSON has them.
func (o Operation) Fields() []Field {
	var all []Field
	for _, a := range arguments(o.In) {
		f := Field{Name: a.name, Required: a.required, Element: a.value, Schema: ofBody.property(a)}
		if f.List = a.value.Kind() == reflect.Slice; f.List {
			f.Element = a.value.Elem()
		}
		f.Text = f.Element.Kind() == reflect.String
		all = append(all, f)
	}
	return all
}

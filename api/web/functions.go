package web

import (
	"cmp"
	"crypto/rand"
	"html/template"
	"strings"

	"tickler/internal/task"
)

// functions are what templates call. Those that return any give a shared template
// what it needs.
func functions(a *assets) template.FuncMap {
	return template.FuncMap{
		"asset":     a.named,
		"sentence":  Sentence,
		"plural":    plural,
		"duration":  duration,
		"kindWords": func(kind task.LinkKind) string { return strings.ReplaceAll(string(kind), "_", " ") },
		"entry":     func(p Page, path, name string) any { return entry{path, name, p.Current == path} },
		"at":        func(form Form, name string) any { return fieldError{form, name} },
		"choice": func(name, label, chosen string, options []option, none string) any {
			return choice{name, label, chosen, none, options}
		},
		"input": newField,
		"keyOf": keyOf,
		"addTo": func(add *quickAdd, back string) quickAdd {
			add.Back, add.Key = back, keyOf(add.Form)
			return *add
		},
		"severalOf": func(form several, back string) several {
			form.Back = back
			return form
		},
	}
}

// keyOf is the key of a form that adds a task: that of the attempt, or a new one.
func keyOf(attempt Form) string { return cmp.Or(attempt.Value("key"), rand.Text()) }

// entry is one of the navigation.
type entry struct {
	Path, Name string
	Current    bool
}

// fieldError is where what is wrong with a field is shown.
type fieldError struct {
	Form Form
	Name string
}

// choice is a field with a list of values; None is the name of no value, "" where
// one must be chosen.
type choice struct {
	Name, Label, Chosen, None string
	Options                   []option
}

// field is a line of the form that changes a task.
type field struct {
	Form                                Form
	Name, Label, Kind, Was, Placeholder string
	Required                            bool
}

// newField makes a field; more is names and values of attributes by turns.
func newField(data editData, name, label, kind string, more ...string) any {
	f := field{Form: data.Form, Name: name, Label: label, Kind: kind, Was: data.Was.Get(name)}
	for i := 0; i+1 < len(more); i += 2 {
		switch more[i] {
		case "placeholder":
			f.Placeholder = more[i+1]
		case "required":
			f.Required = true
		}
	}
	return f
}

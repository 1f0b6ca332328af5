package calendar

import (
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-ical"
)

// writer writes components as in RFC 5545, section 3.1. The library's own encoder
// takes only whole calendars, and does not fold lines.
type writer struct {
	to  io.Writer
	err error
}

// component writes a component with its content. Values contain no line ends: see
// setText.
func (w *writer) component(c *ical.Component) {
	w.begin(c)
	for _, child := range c.Children {
		w.component(child)
	}
	w.end(c)
}

// begin writes a component without its content and its end.
func (w *writer) begin(c *ical.Component) {
	w.line("BEGIN:" + c.Name)
	for _, name := range slices.Sorted(maps.Keys(c.Props)) {
		for _, prop := range c.Props[name] {
			w.property(prop)
		}
	}
}

func (w *writer) end(c *ical.Component) { w.line("END:" + c.Name) }

func (w *writer) property(prop ical.Prop) {
	var text strings.Builder
	text.WriteString(prop.Name)
	for _, name := range slices.Sorted(maps.Keys(prop.Params)) {
		text.WriteString(";" + name + "=")
		for i, value := range prop.Params[name] {
			if i > 0 {
				text.WriteByte(',')
			}
			if value = unquoted.Replace(value); strings.ContainsAny(value, ";:,") {
				value = `"` + value + `"`
			}
			text.WriteString(value)
		}
	}
	text.WriteString(":" + oneLine.Replace(prop.Value))
	w.line(text.String())
}

var (
	unquoted = strings.NewReplacer(`"`, "", "\r", "", "\n", "")
	oneLine  = strings.NewReplacer("\r", "", "\n", "")
)

// line writes a line, folded between characters.
func (w *writer) line(text string) {
	for limit := lineLimit; len(text) > limit; limit = lineLimit - 1 {
		end := limit
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		w.write(text[:end], "\r\n ")
		text = text[end:]
	}
	w.write(text, "\r\n")
}

func (w *writer) write(parts ...string) {
	for _, part := range parts {
		if w.err == nil {
			_, w.err = io.WriteString(w.to, part)
		}
	}
}

package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"tickler/internal/terminal"
)

// maxLogged is how many bytes of one value are logged. Values come from callers
// and from the broker: they may be as long as a message can be.
const maxLogged = 2000

// NewLogger writes structured logs, one JSON object a line, naming the app. Control
// characters are escaped, and long values are cut.
func NewLogger(w io.Writer, app string, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(terminal.NewWriter(w), &slog.HandlerOptions{Level: level, ReplaceAttr: bound})).With("app", app)
}

// bound cuts long texts.
func bound(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(cut(a.Value.String()))
	case slog.KindAny:
		switch value := a.Value.Any().(type) {
		case *slog.Source, slog.Level: // the handler writes these itself
		case error:
			a.Value = slog.StringValue(cut(value.Error()))
		case fmt.Stringer:
			a.Value = slog.StringValue(cut(value.String()))
		default:
			if text := fmt.Sprint(value); len(text) > maxLogged {
				a.Value = slog.StringValue(cut(text))
			}
		}
	}
	return a
}

func cut(text string) string {
	if len(text) <= maxLogged {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:maxLogged], ""), len(text))
}

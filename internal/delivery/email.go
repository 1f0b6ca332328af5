package delivery

import (
	"context"
	"html"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Email sends messages through a Dapr output binding, so that the mail provider is
// a component.
type Email struct {
	// Invoke calls the binding's create operation.
	Invoke func(ctx context.Context, body []byte, metadata map[string]string) error
	// Timeout bounds sending a mail, not counting the wait for its turn.
	Timeout time.Duration
	// mu lets one mail be sent at a time: bindings.smtp of components-contrib 1.18
	// merges each request into a shared struct, so that concurrent mails can get
	// each other's receiver.
	mu sync.Mutex
}

// Send sends a mail. It always sets all metadata: for the same reason, what is left
// out would be taken from the previous mail.
func (e *Email) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	title, text := m.words(now)
	priority, body := "3", "<p>"+html.EscapeString(text)+"</p>"
	if m.Link != "" {
		link := html.EscapeString(m.Link)
		body += `<p><a href="` + link + `">` + link + "</a></p>"
	}
	if m.Reminder != nil {
		body = "<p><b>" + html.EscapeString(title) + "</b> " + html.EscapeString(text) + ".</p>"
		if m.Reminder.Priority == "urgent" {
			priority = "1"
		}
	}
	subject := strings.Map(func(r rune) rune { // a header is one line
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, "🔔 "+title)
	e.mu.Lock()
	defer e.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	err := e.Invoke(ctx, []byte(body), map[string]string{"emailTo": to.Address, "subject": subject, "priority": priority})
	if err != nil {
		if strings.Contains(err.Error(), "couldn't find output binding") {
			return &Failure{Reason: "this server sends no mail: its operator has to add the component mailer"}
		}
		return &Failure{Reason: "the mail server refuses it, or cannot be reached"}
	}
	return nil
}

package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	qr "github.com/piglig/go-qr"

	"tickler/api/operation"
	"tickler/api/web"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// channel is a way on which a person is reminded, as the page shows it.
type channel struct {
	ID                 int64
	Kind, Target       string
	State, Problem     string
	Code               *code // of an ntfy topic
	MaySignIn, SignsIn bool
	Test, Confirm      bool // what can be done with it
}

// code is a QR code as the path of an SVG.
type code struct {
	Size int // of the view, with the quiet zone around the code
	Path string
	Link string
}

// message is one that was sent, or is to be.
type message struct{ At, Target, Kind, State, Outcome string }

func (s *server) channels(ctx context.Context, user person.Settings, now operation.SettingsAnswer) ([]channel, error) {
	signsIn, err := s.Store.SignInChannels(ctx, user.UserID)
	if err != nil {
		return nil, err
	}
	var all []channel
	for _, one := range now.Channels {
		shown := channel{
			ID: one.ID, Kind: string(one.Kind), Target: one.Target, State: one.State, Problem: one.Problem,
			Test: one.State != "unconfirmed", Confirm: one.State == "unconfirmed",
			MaySignIn: s.MailsLinks && one.Kind == person.Email && one.State != "unconfirmed", SignsIn: signsIn[one.ID],
		}
		if one.Kind == person.Ntfy {
			if shown.Code, err = subscription(one.Target); err != nil {
				return nil, err
			}
		}
		all = append(all, shown)
	}
	return all, nil
}

// subscription is the code that subscribes a phone to an ntfy topic.
// https://docs.ntfy.sh/subscribe/phone/#ntfy-links
func subscription(target string) (*code, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	link := "ntfy://" + u.Host + u.EscapedPath()
	if u.Scheme == "http" {
		link += "?secure=false"
	}
	drawn, err := qr.EncodeText(link, qr.Medium)
	if err != nil {
		return nil, fmt.Errorf("draw the code of a topic: %w", err)
	}
	size := drawn.Size()
	const quiet = 4 // modules around a code, as ISO/IEC 18004 asks
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for x < size && drawn.Module(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return &code{Size: size + 2*quiet, Path: path.String(), Link: link}, nil
}

// words for states and kinds of messages.
var (
	kindWords = map[person.DeliveryKind]string{
		person.DeliveryReminder: "reminder", person.DeliveryTest: "test", person.DeliveryNotice: "notice",
		person.DeliveryConfirmation: "confirmation", person.DeliverySignIn: "sign-in link",
	}
	stateWords = map[person.DeliveryState]string{
		person.DeliveryPending: "on its way", person.DeliverySent: "delivered", person.DeliveryFailed: "failed",
		person.DeliveryDropped: "not needed any more", person.DeliveryUnknown: "may have arrived",
	}
)

func (s *server) messages(user person.Settings, now operation.SettingsAnswer) []message {
	var all []message
	for _, d := range now.Deliveries {
		m := message{At: d.At, Target: d.Target, Kind: kindWords[d.Kind], State: stateWords[d.State], Outcome: d.Outcome}
		if at, err := time.Parse(time.RFC3339, d.At); err == nil {
			m.At = s.moment(&at, user)
		}
		all = append(all, m)
	}
	return all
}

// addChannel adds a channel, or a new ntfy topic that nobody can guess.
func (s *server) addChannel(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	target := strings.TrimSpace(form.Value("add_channel"))
	switch {
	case form.Is("do", "topic"):
		target = "ntfy://ntfy.sh/tickler-" + strings.ToLower(rand.Text())
	case target == "":
		return s.failed(c, user, form, fault.Invalid("add_channel", "is empty; allowed are for example ntfy://ntfy.sh/my-topic, mailto:me@example.com and https://example.com/hook"))
	case strings.Contains(target, "@") && !strings.Contains(target, ":"):
		target = "mailto:" + target
	}
	answer, err := s.setting(c.Request.Context(), user, map[string]any{"add_channel": target})
	if err != nil {
		return s.failed(c, user, form, err)
	}
	if answer.Secret != "" {
		return s.showSettings(c, http.StatusOK, user, settingsData{Secret: &secret{
			Title: "The webhook's secret", Value: answer.Secret,
			Text: "Every call is signed with it, so that the receiver can tell that it comes from here. It is not shown again.",
		}})
	}
	said := web.Said{Text: "Added. A test is on its way."}
	if strings.HasPrefix(target, "mailto:") {
		said.Text = "Added. Open the link in the mail that is on its way there: it is off until then."
	}
	s.Pages.Say(c, "/settings#channels", said)
	return nil
}

// testPatience is how long the page waits for the outcome of a test, and testPause
// how often it looks.
const (
	testPatience = 4 * time.Second
	testPause    = 200 * time.Millisecond
)

// testChannel sends a test and tells how it went, if that shows soon.
func (s *server) testChannel(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	ctx := c.Request.Context()
	id, err := idIn(form, "test_channel")
	if err != nil {
		return err
	}
	answer, err := s.setting(ctx, user, map[string]any{"test_channel": id, "deliveries": 1})
	if err != nil {
		return s.failed(c, user, form, err)
	}
	if len(answer.Deliveries) == 0 {
		return fmt.Errorf("the test for channel %d is not among the deliveries", id)
	}
	asked := answer.Deliveries[0]
	said := web.Said{Text: "The test is on its way. Load this page again to see how it went."}
	waiting, cancel := context.WithTimeout(ctx, testPatience)
	defer cancel()
	for waiting.Err() == nil {
		answer, err := s.setting(ctx, user, map[string]any{"deliveries": deliveriesShown})
		if err != nil {
			return err
		}
		for _, d := range answer.Deliveries {
			if d.Kind != person.DeliveryTest || d.At != asked.At || d.Target != asked.Target {
				continue
			}
			switch {
			case d.State == person.DeliverySent:
				said.Text = "The test was delivered."
				cancel()
			case d.Outcome != "":
				said.Text = "The test did not arrive: " + d.Outcome + "."
				cancel()
			}
		}
		select {
		case <-waiting.Done():
		case <-time.After(testPause):
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.Pages.Say(c, "/settings#channels", said)
	return nil
}

func (s *server) removeChannel(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	id, err := idIn(form, "remove_channel")
	if err != nil {
		return err
	}
	if _, err := s.setting(c.Request.Context(), user, map[string]any{"remove_channel": id}); err != nil {
		return s.failed(c, user, form, err)
	}
	s.Pages.Say(c, "/settings#channels", web.Said{Text: "Removed. Nothing is sent there any more."})
	return nil
}

// setSignsIn says whether links that sign in may be mailed to a channel.
func (s *server) setSignsIn(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	id, err := idIn(form, "channel")
	if err != nil {
		return err
	}
	may := form.Is("do", "on")
	if err := s.Store.SetSignsIn(c.Request.Context(), user.UserID, id, may); err != nil {
		return err
	}
	said := web.Said{Text: "No sign-in links go to this address any more."}
	if may {
		said.Text = "Whoever reads this mailbox can sign in as you from now on."
	}
	s.Pages.Say(c, "/settings#channels", said)
	return nil
}

// changeFeed makes another calendar feed, or ends it. The address is shown once.
func (s *server) changeFeed(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	if form.Is("do", "off") {
		if _, err := s.setting(c.Request.Context(), user, map[string]any{"calendar_feed": "off"}); err != nil {
			return err
		}
		s.Pages.Say(c, "/settings#calendar", web.Said{Text: "The calendar feed has ended: its address shows nothing any more."})
		return nil
	}
	answer, err := s.setting(c.Request.Context(), user, map[string]any{"calendar_feed": "new"})
	if err != nil {
		return err
	}
	return s.showSettings(c, http.StatusOK, user, settingsData{Secret: &secret{
		Title: "Your calendar's address", Value: answer.CalendarURL,
		Text: "Subscribe to it in your calendar program. Whoever has it reads your tasks, so it is not shown again; a new one ends it.",
	}})
}

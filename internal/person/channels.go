package person

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// ChannelKind is a way to reach a person.
type ChannelKind string

// The kinds of channel.
const (
	Webhook  ChannelKind = "webhook"
	Ntfy     ChannelKind = "ntfy"
	Email    ChannelKind = "email"
	Discord  ChannelKind = "discord"
	Slack    ChannelKind = "slack"
	Telegram ChannelKind = "telegram"
	Gotify   ChannelKind = "gotify"
)

// MaxChannels is how many channels a user can have.
const MaxChannels = 10

// Channel is a destination of a user's reminders.
type Channel struct {
	ID      int64
	Kind    ChannelKind
	Target  string // a URL, of ntfy that of the topic, without what is secret in it; an address
	Enabled bool
	// Confirmed is whether mail may be sent there: its reader has opened the link.
	// Channels of other kinds need no confirmation.
	Confirmed bool
	Problem   string // of the last attempt, when that failed
	Sealed    string // its secret, "" for none
}

// SealContext is the context to which a channel's secret is sealed.
func (c Channel) SealContext(userID int64) string {
	return fmt.Sprintf("channel %d %s %s", userID, c.Kind, c.Target)
}

// DeliveryKind is the kind of a message.
type DeliveryKind string

// The kinds of messages; the table deliveries allows these and no others.
const (
	DeliveryReminder     DeliveryKind = "reminder"
	DeliveryTest         DeliveryKind = "test"
	DeliveryNotice       DeliveryKind = "notice"       // a channel was switched off
	DeliveryConfirmation DeliveryKind = "confirmation" // asks whether a mail address is its user's
	DeliverySignIn       DeliveryKind = "sign_in"      // holds a link that signs its user in
)

// DeliveryState is how far a message has come.
type DeliveryState string

// The states of messages; the table deliveries allows these and no others.
const (
	DeliveryPending DeliveryState = "pending"
	DeliverySent    DeliveryState = "sent"
	DeliveryFailed  DeliveryState = "failed"
	DeliveryDropped DeliveryState = "dropped" // no longer relevant
	DeliveryUnknown DeliveryState = "unknown" // its attempts were cut off, so it may have arrived
)

// Delivery is a message to a channel and its outcome.
type Delivery struct {
	At       time.Time // when it was requested
	Target   string
	Kind     DeliveryKind
	TaskID   int64 // of a reminder
	State    DeliveryState
	Outcome  string
	Attempts int
	Next     time.Time // of a pending one: when it is tried
}

// DeliverySettings are how reminders reach a user.
type DeliverySettings struct {
	QuietHours   *QuietHours
	Channels     []Channel
	CalendarFeed bool       // whether there is one
	Deliveries   []Delivery // the last ones, newest first
}

// ChannelRules are the operator's rules for channels.
type ChannelRules struct {
	// Seal encrypts a secret for a context. It fails only without a key.
	Seal func(secret, place string) (string, error)
	// Plain allows http, without TLS.
	Plain bool
	// Forbidden reports whether this server calls nothing under a host, as far as is
	// known before it tries, and the address that the host resolves to if users may know
	// it. nil: no host is forbidden.
	Forbidden func(ctx context.Context, host string) (at netip.Addr, forbidden bool)
	// PublicURL is the root of links in mail. Without one no mail address can be
	// confirmed.
	PublicURL string
	// Confirmations is how many confirmation mails a user may ask for within 24
	// hours; 0 is no limit.
	Confirmations int
}

const channelExamples = `allowed are "https://example.com/hook" (a webhook, or the address of Discord, Slack, Telegram or Gotify), "ntfy://ntfy.sh/my-topic" and "mailto:me@example.com"`

var ntfyTopic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// read reads the URL of a channel, and the access token in it. It refuses a host that
// this server does not call.
func (r ChannelRules) read(ctx context.Context, field, text string) (c Channel, token string, err error) {
	if c, token, err = r.parseChannel(field, text); err != nil || c.Kind == Email || r.Forbidden == nil {
		return c, token, err
	}
	u, err := url.Parse(c.Target)
	if err != nil {
		return c, "", err
	}
	if at, forbidden := r.Forbidden(ctx, u.Hostname()); forbidden {
		private := "is, or leads to, a private address"
		if at.IsValid() {
			private = fmt.Sprintf("leads to %s, a private address", at)
		}
		return c, "", &fault.Error{
			Code: fault.InvalidInput, Field: field, Message: fmt.Sprintf("%q %s, and this server may not call those; nothing was added", fault.Clip(u.Hostname()), private),
			Hint: "its operator allows private addresses with TICKLER_ALLOWED_TARGETS, for example 192.168.1.0/24",
		}
	}
	return c, token, nil
}

// parseChannel parses the URL of a channel, and the access token in it.
func (r ChannelRules) parseChannel(field, text string) (c Channel, token string, err error) {
	wrong := func(why string) error { return fault.Invalid(field, "%s; %s", why, channelExamples) }
	if len(text) > 2000 {
		return c, "", wrong("is too long")
	}
	u, err := url.Parse(withScheme(strings.TrimSpace(text)))
	if err != nil {
		return c, "", wrong("is not a URL")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return c, "", wrong("has a port that there is not: allowed are 1 to 65535")
		}
	}
	if strings.EqualFold(u.Scheme, "mailto") {
		c, err = parseMailbox(field, u, wrong)
		return c, "", err
	}
	a, why := addressOf(u)
	switch {
	case why != "":
		return c, "", wrong(why)
	case a.target.Hostname() == "":
		return c, "", wrong("has no host")
	case u.Scheme == "http" && !r.Plain:
		return c, "", wrong("goes without TLS, which this server does not do")
	}
	a.target.Host = strings.ToLower(a.target.Host)
	c = Channel{Kind: a.kind, Target: a.target.String(), Enabled: true, Confirmed: true}
	if strings.ContainsFunc(c.Target, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c, "", wrong("holds characters that no URL has; write the host in its ASCII form (xn--…) and percent-encode the rest")
	}
	return c, a.secret, nil
}

var (
	mailbox  = regexp.MustCompile(`^[^\s@:/?#;,<>]+@[^\s@:/?#;,<>]+\.[^\s@:/?#;,<>]+$`)
	shortURL = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9]*(?:\.[A-Za-z0-9][-A-Za-z0-9]*)+(?::\d+)?/.`)
)

// withScheme is what is meant by a mail address, or a URL, of which the scheme was left
// out.
func withScheme(text string) string {
	switch {
	case mailbox.MatchString(text):
		return "mailto:" + text
	case shortURL.MatchString(text):
		return "https://" + text
	}
	return text
}

// addressOf reads a URL by its scheme, and sets the scheme to the one that is called.
// why tells what is wrong with it.
func addressOf(u *url.URL) (a address, why string) {
	scheme, plain := strings.CutSuffix(strings.ToLower(u.Scheme), "+http")
	called := "https"
	if plain || scheme == "http" {
		called = "http"
	}
	u.Scheme = called
	switch {
	case scheme == "ntfy", scheme == "ntfys" && !plain:
		if u.Opaque != "" { // ntfy:topic
			u.Host, u.Path, u.Opaque = "ntfy.sh", "/"+u.Opaque, ""
		}
		return ntfy(u)
	case scheme == "gotify":
		root, token := path.Split(strings.TrimSuffix(u.Path, "/"))
		if !gotifyToken.MatchString(token) || u.User != nil || u.RawQuery != "" {
			return a, "has no token of an application: gotify://gotify.example.com/TOKEN"
		}
		return gotify(u, strings.TrimSuffix(root, "/"), token), ""
	case plain || scheme != "https" && scheme != "http":
		return a, "is of an unknown kind"
	}
	if a, why = recognize(u); a.kind != "" || why != "" {
		return a, why
	}
	if u.User != nil {
		return a, "holds a password, which would be stored as it is; every call is signed instead"
	}
	u.Fragment = ""
	return address{kind: Webhook, target: u}, ""
}

// parseMailbox reads the mail address of a mailto URL.
func parseMailbox(field string, u *url.URL, wrong func(string) error) (Channel, error) {
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return Channel{}, wrong("holds more than an address: subject, bcc and the like are not taken")
	}
	address, err := mail.ParseAddress(u.Opaque)
	// To Dapr's component, a semicolon separates receivers.
	if err != nil || address.Name != "" || address.Address != u.Opaque || strings.ContainsAny(u.Opaque, ";,<> \r\n") || len(u.Opaque) > 254 {
		return Channel{}, wrong("has no address that mail can be sent to")
	}
	if _, err := input.CheckName(field, u.Opaque, 254, "me@example.com"); err != nil {
		return Channel{}, err
	}
	return Channel{Kind: Email, Target: u.Opaque}, nil
}

// seal sets a channel's secret: an access token or, for a webhook, a new signing
// secret, which it returns to be shown once.
func (r ChannelRules) seal(field string, userID int64, c *Channel, token string) (shown string, err error) {
	secret := token
	if c.Kind == Webhook {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
		shown = secret
	}
	if secret == "" {
		return "", nil
	}
	if r.Seal == nil {
		err = errors.New("no rules")
	} else {
		c.Sealed, err = r.Seal(secret, c.SealContext(userID))
	}
	if err != nil {
		return "", &fault.Error{
			Code: fault.Conflict, Field: field, Message: "this server keeps no secrets, so it can neither sign for a webhook nor use an access token or an address that holds one",
			Hint: "its operator must set TICKLER_SECRET_KEY; meanwhile use ntfy without a token, or email",
		}
	}
	return shown, nil
}

func findChannel(all []Channel, field string, id int64) (Channel, error) {
	i := slices.IndexFunc(all, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, &fault.Error{Code: fault.NotFound, Field: field, Message: "there is no channel " + strconv.FormatInt(id, 10) + " among yours", Hint: "user_settings with {} lists them"}
	}
	return all[i], nil
}

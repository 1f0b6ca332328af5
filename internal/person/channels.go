package person

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
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
	Webhook ChannelKind = "webhook"
	Ntfy    ChannelKind = "ntfy"
	Email   ChannelKind = "email"
)

// MaxChannels is how many channels a user can have.
const MaxChannels = 10

// Channel is a destination of a user's reminders.
type Channel struct {
	ID      int64
	Kind    ChannelKind
	Target  string // a URL, of ntfy that of the topic; an address
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
	// PublicURL is the root of links in mail. Without one no mail address can be
	// confirmed.
	PublicURL string
	// Confirmations is how many confirmation mails a user may ask for within 24
	// hours; 0 is no limit.
	Confirmations int
}

const channelExamples = `allowed are "https://example.com/hook" (a webhook), "ntfy://ntfy.sh/my-topic" and "mailto:me@example.com"`

var ntfyTopic = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// parseChannel parses the URL of a channel, and the access token in that of an ntfy
// one.
func (r ChannelRules) parseChannel(field, text string) (c Channel, token string, err error) {
	wrong := func(why string) error { return fault.Invalid(field, "%s; %s", why, channelExamples) }
	if len(text) > 2000 {
		return c, "", wrong("is too long")
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return c, "", wrong("is not a URL")
	}
	c.Enabled, c.Confirmed = true, true
	switch scheme := strings.ToLower(u.Scheme); scheme {
	case "mailto":
		address, err := mail.ParseAddress(u.Opaque)
		// To Dapr's component, a semicolon separates receivers.
		if err != nil || address.Name != "" || address.Address != u.Opaque || strings.ContainsAny(u.Opaque, ";,<> \r\n") || len(u.Opaque) > 254 {
			return c, "", wrong("has no address that mail can be sent to")
		}
		if _, err := input.CheckName(field, u.Opaque, 254, "me@example.com"); err != nil {
			return c, "", err
		}
		c.Kind, c.Target, c.Enabled, c.Confirmed = Email, u.Opaque, false, false
		return c, "", nil
	case "ntfy", "ntfy+http":
		if u.Opaque != "" { // ntfy:topic
			u.Host, u.Path, u.Opaque = "ntfy.sh", "/"+u.Opaque, ""
		}
		if !ntfyTopic.MatchString(strings.TrimPrefix(u.Path, "/")) || u.RawQuery != "" || u.Fragment != "" {
			return c, "", wrong("has no topic: up to 64 letters, digits, - and _ after the server")
		}
		if u.User != nil {
			if token, _ = u.User.Password(); token == "" {
				token = u.User.Username()
			}
			u.User = nil
		}
		c.Kind = Ntfy
		u.Scheme = map[string]string{"ntfy": "https", "ntfy+http": "http"}[scheme]
	case "https", "http":
		c.Kind = Webhook
		if u.User != nil {
			return c, "", wrong("holds a password, which would be stored as it is; every call is signed instead")
		}
		u.Fragment = ""
	default:
		return c, "", wrong("is of an unknown kind")
	}
	if u.Hostname() == "" {
		return c, "", wrong("has no host")
	}
	if u.Scheme == "http" && !r.Plain {
		return c, "", wrong("goes without TLS, which this server does not do")
	}
	u.Host = strings.ToLower(u.Host)
	c.Target = u.String()
	if strings.ContainsFunc(c.Target, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c, "", wrong("holds characters that no URL has; write the host in its ASCII form (xn--…) and percent-encode the rest")
	}
	return c, token, nil
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
			Code: fault.Conflict, Field: field, Message: "this server keeps no secrets, so it can neither sign for a webhook nor use an access token",
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

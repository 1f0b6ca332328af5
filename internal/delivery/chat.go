package delivery

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Limits of a message's text, in UTF-16 units.
const (
	discordText  = 2000
	slackText    = 4000
	telegramText = 4096
)

// Discord executes a webhook, whose address is the target and whose token the secret.
// https://docs.discord.com/developers/resources/webhook#execute-webhook
type Discord struct{ Client *http.Client }

// Send posts to the webhook's channel. Names in the text mention nobody.
func (d Discord) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	hook, err := url.Parse(to.Address)
	if err != nil {
		return &Failure{Reason: "the address is no URL"}
	}
	title, text := m.words(now)
	err = postJSON(ctx, d.Client, hook.JoinPath(to.Secret).String(), map[string]any{
		"content":          bounded(discordText, "🔔 **", literal.Replace(title), "**\n", literal.Replace(text)),
		"allowed_mentions": map[string]any{"parse": []string{}},
	}, http.Header{}, now)
	if f := refused(err); f != nil {
		var answer struct {
			Code       int     `json:"code"`
			RetryAfter float64 `json:"retry_after"`
		}
		_ = json.Unmarshal(f.answer, &answer) // a proxy may answer something else
		f.waitSeconds(answer.RetryAfter)
		// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
		if answer.Code == 10015 || answer.Code == 50027 {
			f.Gone, f.Reason = true, "Discord no longer has this webhook: make another there and add its address"
		}
	}
	return err
}

// literal escapes what Discord takes for markup.
var literal = strings.NewReplacer(func() (pairs []string) {
	for _, mark := range "\\*_~`|<>#[]()-:@" {
		pairs = append(pairs, string(mark), `\`+string(mark))
	}
	return pairs
}()...)

// Slack posts to an incoming webhook, whose secret is the end of its address.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
type Slack struct{ Client *http.Client }

// slackError is an error as Slack names it, in a body of plain text.
var slackError = regexp.MustCompile(`^[a-z_]{3,40}$`)

// Send posts to the webhook's channel. The text is sent without markup, in which three
// characters are escaped all the same.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func (s Slack) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	title, text := m.words(now)
	err := postJSON(ctx, s.Client, to.Address+"/"+to.Secret, map[string]any{
		"text":   strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(bounded(slackText, "🔔 ", title, "\n", text)),
		"mrkdwn": false,
	}, http.Header{}, now)
	if f := refused(err); f != nil {
		code := strings.TrimSpace(string(f.answer))
		if slackError.MatchString(code) {
			f.Reason += " (" + code + ")"
		}
		switch code {
		case "no_service", "no_team", "team_disabled", "no_active_hooks", "invalid_token", "channel_not_found", "channel_is_archived":
			f.Gone, f.Reason = true, "Slack no longer takes messages here ("+code+"): make another incoming webhook and add its address"
		}
	}
	return err
}

// Telegram lets a bot write to a chat. The target has the chat in its query, and the
// secret is the bot's token without its number.
// https://core.telegram.org/bots/api#sendmessage
type Telegram struct{ Client *http.Client }

// Send sends plain text, in which no links are shown as previews.
func (g Telegram) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	bot, err := url.Parse(to.Address)
	if err != nil {
		return &Failure{Reason: "the address is no URL"}
	}
	title, text := m.words(now)
	content := map[string]any{
		"text":                 bounded(telegramText, "🔔 ", title, "\n", text),
		"link_preview_options": map[string]any{"is_disabled": true},
	}
	for name, values := range bot.Query() { // chat_id, message_thread_id
		content[name] = values[0]
		if id, err := strconv.ParseInt(values[0], 10, 64); err == nil {
			content[name] = id
		}
	}
	bot.RawQuery = ""
	err = postJSON(ctx, g.Client, bot.String()+":"+to.Secret+"/sendMessage", content, http.Header{}, now)
	if f := refused(err); f != nil {
		var answer struct {
			Parameters struct {
				RetryAfter float64 `json:"retry_after"`
			} `json:"parameters"`
		}
		_ = json.Unmarshal(f.answer, &answer)
		f.waitSeconds(answer.Parameters.RetryAfter)
		switch f.status {
		case http.StatusBadRequest:
			f.Reason = "Telegram does not find the chat: write to the bot once, and see that chat_id is right"
		case http.StatusUnauthorized, http.StatusNotFound:
			f.Gone, f.Reason = true, "Telegram does not know this bot: its token was revoked, or is wrong"
		case http.StatusForbidden:
			f.Gone, f.Reason = true, "the bot may not write to this chat: it was blocked or removed there"
		}
	}
	return err
}

// Gotify sends to a Gotify server, as one of its applications.
// https://gotify.net/docs/pushmsg
type Gotify struct{ Client *http.Client }

// gotifyPriorities are those of Gotify's Android app by those of tasks: from 4 on it
// makes a sound, from 8 on it pops up.
var gotifyPriorities = map[string]int{"": 5, "low": 2, "medium": 5, "high": 7, "urgent": 9}

// Send sends to the server that is the target, with the token as a header, which
// proxies do not log.
func (g Gotify) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	title, text := m.words(now)
	priority := ""
	if m.Reminder != nil {
		priority = m.Reminder.Priority
	}
	err := postJSON(ctx, g.Client, to.Address, map[string]any{
		"title": title, "message": text, "priority": gotifyPriorities[priority],
	}, http.Header{"X-Gotify-Key": {to.Secret}}, now)
	if f := refused(err); f != nil && (f.status == http.StatusUnauthorized || f.status == http.StatusForbidden) {
		f.Reason = "Gotify does not take this token: see whether its application still exists"
	}
	return err
}

// bounded joins the parts of a text and cuts it to a number of UTF-16 units.
func bounded(limit int, parts ...string) string {
	text := strings.Join(parts, "")
	units := 0
	for i, r := range text {
		if units += utf16.RuneLen(r); units > limit {
			return cut(text[:i], limit)
		}
	}
	return text
}

// cut ends a text that is as long as the limit with an ellipsis, and not within an
// escape.
func cut(text string, limit int) string {
	runes := []rune(text)
	for len(runes) > 0 && (len(utf16.Encode(runes)) >= limit || runes[len(runes)-1] == '\\') {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

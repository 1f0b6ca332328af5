package person

import (
	"net/url"
	"regexp"
	"strings"
)

// address is where a channel of a known service sends to.
type address struct {
	kind ChannelKind
	// target is stored and shown, so it holds nothing that lets its reader send.
	target *url.URL
	secret string // "" for none
}

var (
	discordPath  = regexp.MustCompile(`^/api(?:/v\d+)?(/webhooks/\d+)/([-\w]+)(?:/slack|/github)?/?$`)
	slackPath    = regexp.MustCompile(`^(/services/T\w+/B\w+)/(\w+)/?$`)
	telegramPath = regexp.MustCompile(`^/bot(\d+):([-\w]+)(?:/sendMessage)?/?$`)
	telegramChat = regexp.MustCompile(`^(-?\d{1,20}|@\w{4,40})$`)
	number       = regexp.MustCompile(`^\d{1,20}$`)
	gotifyToken  = regexp.MustCompile(`^A[-.\w]{14}$`) // of an application
	gotifyClient = regexp.MustCompile(`^C[-.\w]{14}$`) // of a client
)

// recognize finds the service whose address a URL is, by its host or its form, so
// that nobody has to say which service that is. why tells what an address of a
// service lacks. For other URLs the kind is "".
func recognize(u *url.URL) (a address, why string) {
	query := u.Query()
	switch host := strings.ToLower(u.Hostname()); host {
	case "discord.com", "www.discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com", "discord.gg":
		return discord(u, query)
	case "api.telegram.org", "t.me", "telegram.me", "web.telegram.org":
		return telegram(u, query)
	default:
		if strings.HasSuffix(host, ".slack.com") || host == "hooks.slack-gov.com" {
			return slack(u, query)
		}
		if host == "ntfy.sh" || strings.HasPrefix(host, "ntfy.") && ntfyTopic.MatchString(strings.Trim(u.Path, "/")) {
			return ntfy(u)
		}
		token := query.Get("token")
		query.Del("token")
		query.Del("priority") // ours tells how urgent each message is
		switch {
		case !strings.HasSuffix(u.Path, "/message") || len(query) > 0:
			return address{}, ""
		case gotifyToken.MatchString(token):
			return gotify(u, strings.TrimSuffix(u.Path, "/message"), token), ""
		case gotifyClient.MatchString(token):
			return address{}, "holds the token of a client of Gotify, which reads messages; the token of an application, which sends them, begins with A"
		}
		return address{}, ""
	}
}

// ntfy reads the address of a topic. Its user or password is an access token.
func ntfy(u *url.URL) (address, string) {
	u.Path = strings.TrimSuffix(u.Path, "/")
	if !ntfyTopic.MatchString(strings.TrimPrefix(u.Path, "/")) {
		return address{}, "has no topic: up to 64 letters, digits, - and _ after the server"
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return address{}, "holds more than a topic: what stands after it would be lost"
	}
	a := address{kind: Ntfy, target: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}}
	if u.User != nil {
		if a.secret, _ = u.User.Password(); a.secret == "" {
			a.secret = u.User.Username()
		}
	}
	return a, ""
}

// discord reads the address of a webhook.
// https://docs.discord.com/developers/resources/webhook#execute-webhook
func discord(u *url.URL, query url.Values) (address, string) {
	parts := discordPath.FindStringSubmatch(u.Path)
	thread := query.Get("thread_id")
	query.Del("thread_id")
	query.Del("wait")
	query.Del("with_components") // ours has none
	if parts == nil || len(query) > 0 || thread != "" && !number.MatchString(thread) {
		return address{}, "is Discord's, but not that of a webhook: https://discord.com/api/webhooks/ID/TOKEN, which \"Copy Webhook URL\" gives among a channel's integrations"
	}
	target := &url.URL{Scheme: "https", Host: "discord.com", Path: "/api" + parts[1]}
	if thread != "" {
		target.RawQuery = "thread_id=" + thread
	}
	return address{Discord, target, parts[2]}, ""
}

// slack reads the address of an incoming webhook.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
func slack(u *url.URL, query url.Values) (address, string) {
	parts := slackPath.FindStringSubmatch(u.Path)
	if parts == nil || len(query) > 0 || !strings.HasPrefix(strings.ToLower(u.Hostname()), "hooks.") {
		return address{}, "is Slack's, but not that of an incoming webhook: https://hooks.slack.com/services/T…/B…/…; that of a workflow takes other messages"
	}
	return address{Slack, &url.URL{Scheme: "https", Host: strings.ToLower(u.Host), Path: parts[1]}, parts[2]}, ""
}

// telegram reads the address of a bot, with the chat that it writes to.
// https://core.telegram.org/bots/api#sendmessage
func telegram(u *url.URL, query url.Values) (address, string) {
	parts := telegramPath.FindStringSubmatch(u.Path)
	chat, thread := query.Get("chat_id"), query.Get("message_thread_id")
	query.Del("chat_id")
	query.Del("message_thread_id")
	query.Del("text") // of who tried it; ours has its own
	query.Del("parse_mode")
	if !strings.EqualFold(u.Hostname(), "api.telegram.org") {
		parts = nil
	}
	if parts == nil || !telegramChat.MatchString(chat) || len(query) > 0 || thread != "" && !number.MatchString(thread) {
		return address{}, "is Telegram's, but lacks a bot's token or its chat: https://api.telegram.org/botTOKEN/sendMessage?chat_id=123456789"
	}
	values := url.Values{"chat_id": {chat}}
	if thread != "" {
		values.Set("message_thread_id", thread)
	}
	return address{Telegram, &url.URL{Scheme: "https", Host: "api.telegram.org", Path: "/bot" + parts[1], RawQuery: values.Encode()}, parts[2]}, ""
}

// gotify is an application of a Gotify server, which may lie under a path.
// https://gotify.net/docs/pushmsg
func gotify(u *url.URL, root, token string) address {
	return address{Gotify, &url.URL{Scheme: u.Scheme, Host: u.Host, Path: root + "/message"}, token}
}

package e2e

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// post is an SMTP server that wants a password, and keeps what it takes.
type post struct {
	mu     sync.Mutex
	mails  []mailed
	broken bool
}

type mailed struct{ from, to, text string }

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{post: p}, nil }

func (p *post) got() []mailed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mailed{}, p.mails...)
}

func (p *post) setBroken(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

type session struct {
	post  *post
	known bool
	mail  mailed
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "tickler" || password != "secret" {
			return errors.New("who is that?")
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Reset()        { s.mail = mailed{} }
func (s *session) Logout() error { return nil }
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.mail.from = from
	return nil
}
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return nil
}
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	if s.post.broken {
		return &smtp.SMTPError{Code: 451, Message: "not now"}
	}
	s.mail.text = string(text)
	s.post.mails = append(s.post.mails, s.mail)
	return nil
}

// confirm presses the button behind the link in a mail, as if its name were that of
// this system.
func (s *system) confirm(t *testing.T, m mailed) {
	t.Helper()
	read, err := mail.ReadMessage(bytes.NewReader([]byte(m.text)))
	require.NoError(t, err)
	body := read.Body
	if read.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	link := regexp.MustCompile(`"https://tickler\.example\.com(/confirm/[A-Z2-7]+)"`).FindSubmatch(text)
	require.NotNil(t, link, "%s", text)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		require.Equal(t, http.StatusOK, send(t, method, s.APIURL()+string(link[1]), "").status)
	}
}

func TestReminderComesByMail(t *testing.T) {
	office := &post{}
	server := smtp.NewServer(office)
	server.AllowInsecureAuth = true // it is on this machine
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	s := start(t, func(c *stack.Config) {
		allowLoopback(c)
		c.AppEnv["api"] = maps.Clone(c.AppEnv["api"])
		c.AppEnv["api"]["TICKLER_PUBLIC_URL"] = "https://tickler.example.com"
		c.Mail = map[string]string{
			"SMTP_HOST": "127.0.0.1", "SMTP_PORT": strconv.Itoa(listener.Addr().(*net.TCPAddr).Port),
			"SMTP_USER": "tickler", "SMTP_PASSWORD": "secret", "SMTP_FROM": "tickler@example.com",
		}
	})
	ann, bob := s.person(t, ""), s.person(t, "")
	ann.settings(t, fields{"add_channel": "mailto:ann@example.com"})
	bob.settings(t, fields{"add_channel": "mailto:bob@example.com"})
	until(t, soon, "the two links", func() bool { return len(office.got()) == 2 })
	for _, l := range office.got() {
		s.confirm(t, l)
	}
	for _, p := range []*person{ann, bob} {
		require.Equal(t, "on", p.settings(t, fields{}).Channels[0].State)
	}

	office.setBroken(true)
	ann.add(t, fields{"title": "Water the <plants> & Grüße 🌱", "priority": "urgent", "due_date": in(30 * minute)})
	bob.add(t, fields{"title": "Of another", "due_date": in(30 * minute)})
	until(t, soon, "attempts", func() bool {
		return ann.settings(t, fields{}).Channels[0].State == "failing" && bob.settings(t, fields{}).Channels[0].State == "failing"
	})
	office.setBroken(false)
	until(t, later, "the mails", func() bool { return len(office.got()) == 4 })
	s.scanned(t, s.person(t, "")) // nothing comes twice

	receivers := map[string]int{}
	for _, l := range office.got() {
		require.Equal(t, "tickler@example.com", l.from)
		read, err := mail.ReadMessage(bytes.NewReader([]byte(l.text)))
		require.NoError(t, err)
		to, err := read.Header.AddressList("To")
		require.NoError(t, err)
		require.Len(t, to, 1)
		require.Equal(t, l.to, to[0].Address)
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		require.NoError(t, err)
		receivers[l.to+" "+subject]++
		if subject == "🔔 Water the <plants> & Grüße 🌱" {
			require.Equal(t, "1", read.Header.Get("X-Priority"))
		}
	}
	require.Equal(t, map[string]int{
		"ann@example.com 🔔 Confirm that Tickler may send you mail": 1, "ann@example.com 🔔 Water the <plants> & Grüße 🌱": 1,
		"bob@example.com 🔔 Confirm that Tickler may send you mail": 1, "bob@example.com 🔔 Of another": 1,
	}, receivers)
}

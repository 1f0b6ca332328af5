// Package account is the part of the page on which a person says how Tickler works
// for them, and who else may work with their tasks: /settings and /connections.
package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/transfer"
)

// Store keeps what only the page shows and changes: repository.Repository.
type Store interface {
	Tokens(ctx context.Context, userID int64) ([]access.Token, error)
	AddToken(ctx context.Context, userID int64, t access.Token) (int64, error)
	// RevokeToken returns how many tokens it ended.
	RevokeToken(ctx context.Context, userID, id int64) (int, error)

	// Attempts are the last attempts to connect a client, newest first.
	Attempts(ctx context.Context, userID int64) ([]access.Attempt, error)

	WebSessions(ctx context.Context, userID int64) ([]access.Session, error)
	EndSession(ctx context.Context, userID, id int64) (bool, error)
	EndOtherSessions(ctx context.Context, userID, kept int64) (int, error)

	Passkeys(ctx context.Context, userID int64) ([]access.Passkey, error)
	RenamePasskey(ctx context.Context, userID, id int64, name string) error
	RemovePasskey(ctx context.Context, userID, id int64) error

	// SignInChannels are the user's channels to which links that sign in are mailed.
	SignInChannels(ctx context.Context, userID int64) (map[int64]bool, error)
	// SetSignsIn says whether links are mailed to a channel. It returns
	// fault.ErrNotFound if that is no confirmed address of mail.
	SetSignsIn(ctx context.Context, userID, channelID int64, may bool) error

	// PersonName is how a person is called.
	PersonName(ctx context.Context, userID int64) (string, error)
}

// Config is what the pages need.
type Config struct {
	Store      Store
	Operations *operation.Operations
	Transfer   *transfer.Service
	Pages      *web.Pages
	// MCP is the address that agents are given.
	MCP string
	// MailsLinks is whether links that sign in can be mailed.
	MailsLinks bool
	// Guard lists the handlers that admit a signed-in person. The body may have
	// maxBody bytes; 0 is the guard's own limit.
	Guard func(maxBody int64) gin.HandlersChain
	Now   func() time.Time
}

// server serves the pages.
type server struct {
	Config
	router gin.IRouter
}

// Mount adds the pages to a router.
func Mount(router gin.IRouter, c Config) {
	s := &server{Config: c, router: router}
	s.handle(guard.Reading, "/settings", 0, s.settings)
	s.handle(posting, "/settings", 0, s.saveSettings)
	s.handle(posting, "/settings/channels/add", 0, s.addChannel)
	s.handle(posting, "/settings/channels/test", 0, s.testChannel)
	s.handle(posting, "/settings/channels/remove", 0, s.removeChannel)
	s.handle(posting, "/settings/channels/sign-in", 0, s.setSignsIn)
	s.handle(posting, "/settings/calendar", 0, s.changeFeed)
	s.handle(posting, "/settings/passkeys/rename", 0, s.renamePasskey)
	s.handle(posting, "/settings/passkeys/remove", 0, s.removePasskey)
	s.handle(posting, "/settings/browsers/end", 0, s.endBrowser)
	s.handle(posting, "/settings/browsers/end-others", 0, s.endOtherBrowsers)
	s.handle([]string{http.MethodGet}, "/settings/export", 0, s.export) // HEAD would read all of it for nothing
	s.handle(posting, "/settings/import", maxImport, s.importFile)
	s.handle(guard.Reading, "/connections", 0, s.connections)
	s.handle(posting, "/connections/tokens", 0, s.makeToken)
	s.handle(posting, "/connections/tokens/end", 0, s.endToken)
}

var posting = []string{http.MethodPost}

// handle adds a page behind the guard.
func (s *server) handle(methods []string, path string, maxBody int64, answer func(*gin.Context, person.Settings) error) {
	s.router.Match(methods, path, append(s.Guard(maxBody), s.Pages.Answer(func(c *gin.Context, user person.Settings) error {
		err := answer(c, user)
		if errors.Is(err, fault.ErrNotFound) {
			return &fault.Error{Code: fault.NotFound, Message: "there is no such thing among yours; it may have been removed meanwhile"}
		}
		return err
	}))...)
}

// setting calls the operation on settings.
func (s *server) setting(ctx context.Context, user person.Settings, arguments map[string]any) (operation.SettingsAnswer, error) {
	text, err := json.Marshal(arguments)
	if err != nil {
		return operation.SettingsAnswer{}, err
	}
	given, err := s.Operations.Named("user_settings").Call(ctx, user, text)
	if err != nil {
		return operation.SettingsAnswer{}, err
	}
	answer, ok := given.(operation.SettingsAnswer)
	if !ok {
		return answer, &fault.Error{Code: fault.Forbidden, Message: "the page is for who may read"}
	}
	return answer, nil
}

// idIn reads an id in a form.
func idIn(form web.Form, name string) (int64, error) {
	id, err := strconv.ParseInt(form.Value(name), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.Invalid(name, "is not one of yours; load the page again")
	}
	return id, nil
}

// moment writes an instant for a person; nil is never.
func (s *server) moment(at *time.Time, user person.Settings) string {
	if at == nil || at.IsZero() {
		return "never"
	}
	local, now := at.In(user.Zone()), s.Now().In(user.Zone())
	switch {
	case now.Sub(*at) < time.Minute && now.Sub(*at) > -time.Minute:
		return "just now"
	case local.Format(time.DateOnly) == now.Format(time.DateOnly):
		return "today " + local.Format("15:04")
	case local.Year() == now.Year():
		return local.Format("Mon 2 Jan, 15:04")
	}
	return local.Format("2 Jan 2006")
}

// initial is the letter that stands for a name.
func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}

// invalid returns an error that is about the input of a form, or nil if err is
// about something else.
func invalid(err error) *fault.Error {
	var e *fault.Error
	if errors.As(err, &e) && e.Code != fault.Unavailable && e.Code != fault.RateLimited && e.Code != fault.Unauthorized {
		return e
	}
	return nil
}

// sessionOf is the session of the browser that sent a request.
func sessionOf(ctx context.Context) (int64, error) {
	caller, known := access.From(ctx)
	if !known || caller.SessionID == 0 {
		return 0, fmt.Errorf("a page without a session")
	}
	return caller.SessionID, nil
}

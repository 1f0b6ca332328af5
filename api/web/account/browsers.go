package account

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"tickler/api/web"
	"tickler/api/web/signin"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// browser is a signed-in browser, as the page shows it.
type browser struct {
	ID                                     int64
	Name, Method, Address, Since, LastUsed string
	This                                   bool
}

// Initial is the letter that stands for it.
func (b browser) Initial() string { return initial(b.Name) }

func (s *server) browsers(ctx context.Context, user person.Settings) ([]browser, error) {
	this, err := sessionOf(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := s.Store.WebSessions(ctx, user.UserID)
	if err != nil {
		return nil, err
	}
	var all []browser
	for _, one := range sessions {
		shown := browser{
			ID: one.ID, Name: one.Browser, Address: one.Address, This: one.ID == this, Method: one.Method,
			Since: s.moment(&one.CreatedAt, user), LastUsed: s.moment(&one.LastUsedAt, user),
		}
		if u, err := url.Parse(one.Method); err == nil && u.Host != "" {
			shown.Method = u.Host
		}
		all = append(all, shown)
	}
	return all, nil
}

func (s *server) endBrowser(c *gin.Context, user person.Settings) error {
	id, err := idIn(web.Form{Values: web.Posted(c)}, "session")
	if err != nil {
		return err
	}
	ended, err := s.Store.EndSession(c.Request.Context(), user.UserID, id)
	if err != nil {
		return err
	}
	if !ended {
		return fault.ErrNotFound
	}
	s.Pages.Say(c, "/settings#browsers", web.Said{Text: "That browser is signed out, within two seconds."})
	return nil
}

func (s *server) endOtherBrowsers(c *gin.Context, user person.Settings) error {
	ctx := c.Request.Context()
	this, err := sessionOf(ctx)
	if err != nil {
		return err
	}
	n, err := s.Store.EndOtherSessions(ctx, user.UserID, this)
	if err != nil {
		return err
	}
	said := "All other browsers are signed out, within two seconds: " + strconv.Itoa(n) + "."
	if n == 0 {
		said = "No other browser was signed in."
	}
	s.Pages.Say(c, "/settings#browsers", web.Said{Text: said})
	return nil
}

// passkey is one as the page shows it.
type passkey struct {
	ID                    int64
	Name, Since, LastUsed string
}

func (s *server) passkeys(ctx context.Context, user person.Settings) ([]passkey, error) {
	kept, err := s.Store.Passkeys(ctx, user.UserID)
	if err != nil {
		return nil, err
	}
	var all []passkey
	for _, one := range kept {
		all = append(all, passkey{one.ID, one.Name, s.moment(&one.CreatedAt, user), s.moment(one.LastUsedAt, user)})
	}
	return all, nil
}

func (s *server) renamePasskey(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	id, err := idIn(form, "passkey")
	if err != nil {
		return err
	}
	name, err := input.CheckName("name", form.Value("name"), signin.MaxPasskeyName, "Phone")
	if err != nil {
		return s.failed(c, user, form, err)
	}
	if err := s.Store.RenamePasskey(c.Request.Context(), user.UserID, id, name); err != nil {
		return err
	}
	s.Pages.Say(c, "/settings#passkeys", web.Said{Text: "Renamed."})
	return nil
}

func (s *server) removePasskey(c *gin.Context, user person.Settings) error {
	id, err := idIn(web.Form{Values: web.Posted(c)}, "passkey")
	if err != nil {
		return err
	}
	if err := s.Store.RemovePasskey(c.Request.Context(), user.UserID, id); err != nil {
		return err
	}
	s.Pages.Say(c, "/settings#passkeys", web.Said{Text: "Removed. It signs nobody in any more; remove it on its device, too."})
	return nil
}

// words for scopes.
func may(scopes []access.Scope) string {
	reads, writes, admin := access.Caller{Scopes: scopes}.May(access.TasksRead), access.Caller{Scopes: scopes}.May(access.TasksWrite), access.Caller{Scopes: scopes}.May(access.Admin)
	text := "changes tasks, reads none"
	switch {
	case reads && writes:
		text = "reads and changes tasks"
	case reads:
		text = "reads tasks"
	case !writes:
		text = "no tasks"
	}
	if admin {
		text += ", administers"
	}
	return text
}

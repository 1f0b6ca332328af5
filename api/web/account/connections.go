package account

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// connection is an agent or program that may work with the person's tasks.
type connection struct {
	Name     string
	From     string // what it is, and where it comes from
	May      string // in words, what its scopes allow
	LastUsed string
	Ends     string // when it ends by itself, "" never
	Did      string // the page that shows what it did
	End      end    // how the person ends it
}

// Initial is the letter that stands for it.
func (c connection) Initial() string { return initial(c.Name) }

// end is a form that ends a connection.
type end struct {
	Path string
	ID   int64
}

type connectionsData struct {
	Form        web.Form
	Connections []connection
	Attempts    []attempt
	MCP         string
	Made        *made
}

// made is a token that was made, which is shown once.
type made struct{ Name, Token, MCP string }

// maxTokens is how many working tokens a person may have made at the page.
const maxTokens = 100

// maxTokenName is how many characters the name of a token can have.
const maxTokenName = 200

func (s *server) connections(c *gin.Context, user person.Settings) error {
	return s.showConnections(c, http.StatusOK, user, connectionsData{})
}

func (s *server) showConnections(c *gin.Context, status int, user person.Settings, data connectionsData) error {
	tokens, err := s.working(c, user)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		data.Connections = append(data.Connections, s.tokenConnection(t, user))
	}
	if data.Attempts, err = s.attempts(c, user); err != nil {
		return err
	}
	data.MCP = s.MCP
	s.Pages.Show(c, status, "connections", web.Page{Title: "Connections", Current: "/connections", Back: "/connections", Data: data})
	return nil
}

// working lists the person's tokens that have not ended.
func (s *server) working(c *gin.Context, user person.Settings) ([]access.Token, error) {
	tokens, err := s.Store.Tokens(c.Request.Context(), user.UserID)
	return slices.DeleteFunc(tokens, func(t access.Token) bool {
		return t.RevokedAt != nil || t.ExpiresAt != nil && !t.ExpiresAt.After(s.Now())
	}), err
}

func (s *server) tokenConnection(t access.Token, user person.Settings) connection {
	one := connection{
		Name: t.Actor(), May: may(t.Scopes), LastUsed: s.moment(t.LastUsedAt, user),
		From: "personal token " + t.Prefix + "…, made " + s.moment(&t.CreatedAt, user),
		Did:  "/activity?by=" + url.QueryEscape(t.Actor()),
		End:  end{"/connections/tokens/end", t.ID},
	}
	switch {
	case t.ClientID != "":
		one.From = comesFrom(t) + ", connected " + s.moment(&t.CreatedAt, user)
		one.Ends = "when it is not used until " + s.moment(t.ExpiresAt, user)
	case t.ExpiresAt != nil:
		one.Ends = s.moment(t.ExpiresAt, user)
	}
	return one
}

// lifetimes of a token that a person can choose, by the value of the form.
var lifetimes = map[string]int{"30": 30, "90": 90, "365": 365, "never": 0} // days

// makeToken makes a personal token and shows it, once.
func (s *server) makeToken(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	wrong := func(e *fault.Error) error {
		form.Error = e
		return s.showConnections(c, problem.StatusOf(e.Code), user, connectionsData{Form: form})
	}
	name, err := input.CheckName("name", form.Value("name"), maxTokenName, "laptop")
	if err != nil {
		if e := invalid(err); e != nil {
			return wrong(e)
		}
		return err
	}
	days, known := lifetimes[form.Value("expires")]
	if !known {
		return wrong(fault.Invalid("expires", "is not one of the choices"))
	}
	scopes := access.Standard
	switch form.Value("may") {
	case "write":
	case "read":
		scopes = []access.Scope{access.TasksRead}
	default:
		return wrong(fault.Invalid("may", "is not one of the choices"))
	}
	tokens, err := s.working(c, user)
	if err != nil {
		return err
	}
	personal := slices.DeleteFunc(tokens, func(t access.Token) bool { return t.ClientID != "" })
	if len(personal) >= maxTokens {
		return wrong(&fault.Error{Code: fault.LimitExceeded, Field: "name", Message: "at most " + strconv.Itoa(maxTokens) + " tokens are allowed; end one first"})
	}
	token, stored := access.NewToken()
	stored.Name, stored.Scopes = name, scopes
	if days > 0 {
		at := s.Now().UTC().Add(time.Duration(days) * 24 * time.Hour)
		stored.ExpiresAt = &at
	}
	if _, err := s.Store.AddToken(c.Request.Context(), user.UserID, stored); err != nil {
		return err
	}
	return s.showConnections(c, http.StatusOK, user, connectionsData{Made: &made{name, token, s.MCP}})
}

// endToken ends a token. It works for two seconds more at the most.
func (s *server) endToken(c *gin.Context, user person.Settings) error {
	id, err := idIn(web.Form{Values: web.Posted(c)}, "token")
	if err != nil {
		return err
	}
	n, err := s.Store.RevokeToken(c.Request.Context(), user.UserID, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.ErrNotFound
	}
	s.Pages.Say(c, "/connections", web.Said{Text: "Ended. It can do nothing any more, within two seconds."})
	return nil
}

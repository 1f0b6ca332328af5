package oauth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// maxQuery bounds a request for access, in bytes.
const maxQuery = 8 << 10

// ask shows a signed-in person what a client asks for. Nothing is done before they
// answer, however often they were asked before: a program on their machine could pass
// for one that they know.
func (h *Handler) ask(c *gin.Context) {
	user, q, ok := h.read(c)
	if !ok {
		return
	}
	if err := h.note(c, user, access.Attempt{Client: q.client.name, Step: access.StepConsent}); err != nil {
		h.Pages.Fail(c, "ask for access", err)
		return
	}
	h.show(c, http.StatusOK, user, q, "")
}

// consent is what the page of the question shows.
type consent struct {
	Name, Vouched, Person string
	To                    destination
	Writes, Reads         bool
	Resource              string
	Action, Seal, Problem string
}

func (h *Handler) show(c *gin.Context, status int, user person.Settings, q question, problem string) {
	name, err := h.Store.PersonName(c.Request.Context(), user.UserID)
	if err != nil {
		h.Pages.Fail(c, "ask for access", err)
		return
	}
	to := destinationOf(q.redirect)
	may := access.Caller{Scopes: q.scopes}
	h.Pages.Show(c, status, "consent", web.Page{Title: "Connect " + q.client.name, Alone: true, LeadsTo: to.Source, Data: consent{
		Name: q.client.name, Vouched: q.client.vouched, Person: name, To: to, Writes: may.May(access.TasksWrite), Reads: may.May(access.TasksRead),
		Resource: q.resource, Action: c.Request.URL.RequestURI(), Seal: h.seal(c), Problem: problem,
	}})
}

// answer is what the person answered: the form of the page. It is held to the session
// for which the page was made, and to the request that it shows.
func (h *Handler) answer(c *gin.Context) {
	user, q, ok := h.read(c)
	if !ok {
		return
	}
	form := web.Form{Values: web.Posted(c)}
	if !hmac.Equal([]byte(form.Value(web.Seal)), []byte(h.seal(c))) {
		h.show(c, http.StatusForbidden, user, q, "This question was asked in another sign-in, so nothing was done. Please answer once more.")
		return
	}
	scopes := q.scopes
	switch form.Value("answer") {
	case "connect":
	case "read":
		if !(access.Caller{Scopes: q.scopes}).May(access.TasksRead) {
			h.show(c, http.StatusBadRequest, user, q, "This program does not ask to read.")
			return
		}
		scopes = []access.Scope{access.TasksRead}
	case "cancel":
		if err := h.note(c, user, access.Attempt{Client: q.client.name, Step: access.StepDeclined}); err != nil {
			h.Pages.Fail(c, "decline access", err)
			return
		}
		h.lead(c, q.redirect, url.Values{"error": {"access_denied"}, "error_description": {"the person declined"}, "state": {q.state}})
		return
	default:
		h.show(c, http.StatusBadRequest, user, q, "Please choose one of the buttons.")
		return
	}
	code, hash := access.NewCode()
	err := h.Store.AddCode(c.Request.Context(), hash, access.Grant{
		UserID: user.UserID, ClientID: q.client.id, ClientName: q.client.name, Redirect: q.redirect, Challenge: q.challenge,
		Resource: q.resource, Scopes: scopes, Attempt: attemptKey(c),
	})
	if err != nil {
		h.Pages.Fail(c, "grant access", err)
		return
	}
	h.lead(c, q.redirect, url.Values{"code": {code}, "state": {q.state}})
}

// lead sends the person back to the client, as they chose.
func (h *Handler) lead(c *gin.Context, redirect string, answer url.Values) {
	back, err := h.back(c, redirect, answer)
	if err != nil {
		h.Pages.Fail(c, "lead back", err)
		return
	}
	c.Redirect(http.StatusSeeOther, back)
}

// back is the address that gives a client an answer. Every answer names this server, so
// that a client of several knows which one it comes from: RFC 9207.
func (h *Handler) back(c *gin.Context, redirect string, answer url.Values) (string, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return "", err
	}
	query := u.Query()
	for name, values := range answer {
		if values[0] != "" {
			query[name] = values
		}
	}
	query.Set("iss", h.Guard.RootFor(c, c.Query("resource")))
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// seal ties a form to the session and the request for which it was made.
func (h *Handler) seal(c *gin.Context) string {
	mac := hmac.New(sha256.New, []byte(h.Guard.Cookie(c, guard.CookieSession)))
	mac.Write([]byte("consent " + c.Request.URL.RawQuery))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func attemptKey(c *gin.Context) []byte {
	sum := sha256.Sum256([]byte(c.Request.URL.RawQuery))
	return sum[:]
}

func (h *Handler) note(c *gin.Context, user person.Settings, a access.Attempt) error {
	return h.Store.NoteAttempt(c.Request.Context(), user.UserID, attemptKey(c), a)
}

// read reads the request for access in the address. Where there is something wrong
// with it, it answers and returns false.
func (h *Handler) read(c *gin.Context) (user person.Settings, q question, ok bool) {
	user, err := operation.User(c.Request.Context())
	if err != nil {
		h.Pages.Fail(c, "ask for access", err)
		return user, q, false
	}
	stop := func(e *fault.Error) (person.Settings, question, bool) {
		if err := h.note(c, user, access.Attempt{Client: clientIn(c, q), Step: access.StepRequest, Problem: e.Message}); err != nil {
			h.Pages.Fail(c, "ask for access", err)
			return user, q, false
		}
		h.showRefused(c, refused{Error: e})
		return user, q, false
	}
	if len(c.Request.URL.RawQuery) > maxQuery {
		return stop(&fault.Error{Code: fault.InvalidInput, Message: "the program asked in more than 8 KB"})
	}
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return stop(&fault.Error{Code: fault.InvalidInput, Message: "the program's request is no address: something in it is not encoded as it must be"})
	}
	for name, values := range query {
		if !isText(name) || !isText(values[0]) {
			return stop(&fault.Error{Code: fault.InvalidInput, Message: "the program sent control characters, or what is not UTF-8, in " + quoted(name)})
		}
		if len(values) > 1 {
			return stop(&fault.Error{Code: fault.InvalidInput, Message: "the program sent " + quoted(name) + " twice"})
		}
	}
	asking := &request{resource: func(indicator string) (string, bool) { return h.Guard.Resource(c, indicator) }, asked: &q}
	r := c.Request.Clone(context.WithValue(c.Request.Context(), requestKey{}, asking))
	r.Method, r.Body, r.Form, r.PostForm, r.ContentLength = http.MethodGet, http.NoBody, nil, nil, 0
	r.URL.RawQuery = known(query).Encode()
	answer := &recorder{header: http.Header{}}
	h.protocol.ServeHTTP(answer, r)
	switch {
	case q.good:
		return user, q, true
	case answer.status == http.StatusFound:
		return user, q, h.refuse(c, user, q, query, answer.header.Get("Location"))
	}
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(answer.body.Bytes(), &said) // the library writes nothing else
	if asking.failed != nil {
		e := h.Visible(c.Request.Context(), "ask for access", asking.failed)
		if e.Code == fault.Unavailable || e.Code == fault.Internal || e.Code == fault.RateLimited {
			h.Pages.Fail(c, "ask for access", e)
			return user, q, false
		}
		return stop(e)
	}
	if q.clientKnown {
		said.Description = "the program wants to lead you back to an address that it has not named before"
	}
	return stop(&fault.Error{Code: fault.InvalidInput, Message: said.Description})
}

// known are the parameters of a request that mean something here. Others, such as those
// of OpenID Connect, are ignored, whatever is in them. OAuth 2.1, section 3.1.
func known(query url.Values) url.Values {
	kept := url.Values{}
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "code_challenge", "code_challenge_method", "resource", "prompt", "request", "request_uri",
	} {
		if query.Has(name) {
			kept[name] = query[name]
		}
	}
	return kept
}

// isText reports whether a part of a request can be noted and shown.
func isText(part string) bool {
	return utf8.ValidString(part) && !strings.ContainsFunc(part, unicode.IsControl)
}

// quoted makes the name of a parameter safe to store and show.
func quoted(name string) string { return strconv.QuoteToASCII(fault.Clip(name)) }

// recorder keeps what the library answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}
func (r *recorder) Write(text []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(text)
}

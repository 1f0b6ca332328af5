package signin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/problem"
	"tickler/api/web"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// Kinds of steps; the table sign_in_steps allows these and no others.
const (
	stepPasskey = "passkey"
	stepIssuer  = "issuer"
	stepForm    = "form"
)

const (
	// keptFor is how long it is remembered what a person was about when asked to
	// sign in.
	keptFor = time.Hour
	// maxKept bounds a form that is kept, in bytes: the longest description fits.
	maxKept = 96 << 10
	// maxNext bounds where a person was going, in bytes: what a client asks for fits,
	// and so does the cookie into the 4 KiB that browsers keep.
	maxNext = 2800
)

// form is one that was sent without a session.
type form struct {
	Path   string     `json:"path"`
	Values url.Values `json:"values"`
}

// SignedOut answers who must sign in first. Where they were going is remembered, and
// so is the form that they sent: after they signed in, it is shown again.
func (h *Handler) SignedOut(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	// What the script asks for by itself is nothing that its person was about.
	if accept := c.GetHeader("Accept"); c.GetHeader(web.Live) != "" || strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "application/json") {
		problem.Refuse(c, &fault.Error{Code: fault.Unauthorized, Message: "you are signed out; load the page again to sign in"})
		return
	}
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead:
		h.remember(c, c.Request.URL.RequestURI())
	default:
		if !h.keep(c) {
			h.remember(c, refererOf(c))
		}
	}
	c.Redirect(http.StatusSeeOther, "/sign-in")
}

func (h *Handler) remember(c *gin.Context, path string) {
	if path = web.Local(path); path != "/" && len(path) <= maxNext && !strings.HasPrefix(path, "/sign-") {
		h.Guard.SetCookie(c, guard.CookieNext, base64.RawURLEncoding.EncodeToString([]byte(path)), keptFor)
	}
}

// refererOf is the page on which a form stood.
func refererOf(c *gin.Context) string {
	u, err := url.Parse(c.Request.Referer())
	if err != nil || u.Host != c.Request.Host {
		return "/"
	}
	return u.RequestURI()
}

// keep keeps the form of a request. It returns false for one that has a file, is tied to
// its session, or has too much, and when too many are kept already.
func (h *Handler) keep(c *gin.Context) bool {
	values := web.Posted(c)
	state, err := json.Marshal(form{Path: web.Local(c.Request.URL.RequestURI()), Values: values})
	if err != nil || len(values) == 0 || values.Has(web.Seal) || len(state) > maxKept || strings.Contains(string(state), `\u0000`) || !h.Guard.MayKeep(c) {
		return false
	}
	secret := person.NewSecret()
	begun, err := h.Store.BeginSignInStep(c.Request.Context(), person.HashSecret(secret), stepForm, string(state), keptFor)
	if err != nil || !begun {
		return false
	}
	h.Guard.SetCookie(c, guard.CookieForm, secret, keptFor)
	return true
}

// onward is where a person goes who has signed in: to the form that was kept, to
// where they were going, or to the first page.
func (h *Handler) onward(c *gin.Context) string {
	if h.Guard.Cookie(c, guard.CookieForm) != "" {
		return "/sign-in/kept"
	}
	return h.next(c)
}

// next is where a person was going when asked to sign in.
func (h *Handler) next(c *gin.Context) string {
	next, err := base64.RawURLEncoding.DecodeString(h.Guard.Cookie(c, guard.CookieNext))
	if err != nil || len(next) == 0 {
		return "/"
	}
	h.Guard.SetCookie(c, guard.CookieNext, "", 0)
	return web.Local(string(next))
}

// field is one of a form that was kept.
type field struct {
	Name, Value string
	Label       string // "" of what no person typed, which is hidden
	Long        bool
}

// showKept shows the form that was sent without a session, to be sent again by its
// person. Nothing is done before they do.
func (h *Handler) showKept(c *gin.Context) {
	secret := h.Guard.Cookie(c, guard.CookieForm)
	if secret == "" {
		secret = h.Guard.Cookie(c, guard.CookieKept) // the page was loaded again
	}
	state, err := h.Store.FindSignInStep(c.Request.Context(), person.HashSecret(secret), stepForm)
	var kept form
	switch {
	case errors.Is(err, fault.ErrNotFound), err == nil && json.Unmarshal([]byte(state), &kept) != nil:
		h.Guard.SetCookie(c, guard.CookieForm, "", 0)
		c.Redirect(http.StatusSeeOther, h.next(c))
		return
	case err != nil:
		h.Pages.Fail(c, "kept form", err)
		return
	}
	h.Guard.SetCookie(c, guard.CookieForm, "", 0)
	h.Guard.SetCookie(c, guard.CookieKept, secret, keptFor)
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(kept.Values)) {
		for _, value := range kept.Values[name] {
			one := field{Name: name, Value: value, Long: len(value) > 80 || strings.Contains(value, "\n")}
			if was, changes := kept.Values["was_"+name]; value != "" && !(changes && slices.Contains(was, value)) {
				one.Label = labels[name]
			}
			fields = append(fields, one)
		}
	}
	h.Pages.Show(c, http.StatusOK, "kept", web.Page{Title: "What you typed", Data: struct {
		Action string
		Fields []field
	}{web.Local(kept.Path), fields}})
}

// labels are the fields that a person writes as text; others are choices, days and ids.
var labels = map[string]string{
	"text": "Text", "title": "Title", "description": "Description", "name": "Name", "url": "Link", "tag": "Tag", "tags": "Tags",
	"repeats": "Repeats", "minutes": "How long it takes", "reminders": "Reminders", "parent": "Part of", "after": "Only after",
	"waiting": "Waiting for", "time_zone": "Time zone", "reminder_offsets": "Remind this long before", "add_channel": "Where you are reminded",
}

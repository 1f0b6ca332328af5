package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/internal/journal"
)

// Said is what a call did, told once on the page that follows it, with the way back.
type Said struct {
	Text   string `json:"t"`
	Detail string `json:"d,omitempty"` // for example what a quick add understood
	Call   string `json:"c,omitempty"` // the call to undo, by its id in the journal
}

// Cookies gives browsers cookies that no other server can set or read: guard.Guard.
type Cookies interface {
	SetCookie(c *gin.Context, name, value string, lasts time.Duration) // "" takes it away
	Cookie(c *gin.Context, name string) string
}

// The cookie that holds a Said between a form and the page that follows. Only the
// browser that sent the form has it, for half a minute.
const (
	saidCookie = "said"
	saidLasts  = 30 * time.Second
	maxSaid    = 3 << 10 // bytes: browsers refuse cookies above 4 KiB
)

// Live marks requests by which the script looks for news. They hear nothing, so
// that what was said is left to the page that follows the form.
const Live = "Tickler-Live"

// Say answers a form: the browser goes on to a page of this server, which tells what
// was done.
func (p *Pages) Say(c *gin.Context, to string, said Said) {
	if r := []rune(said.Text); len(r) > 300 {
		said.Text = string(r[:299]) + "…"
	}
	text, err := json.Marshal(said)
	if err != nil || len(text) > maxSaid {
		text, _ = json.Marshal(Said{Text: said.Text, Call: said.Call}) // strings always marshal
	}
	p.cookies.SetCookie(c, saidCookie, base64.RawURLEncoding.EncodeToString(text), saidLasts)
	c.Redirect(http.StatusSeeOther, Local(to))
}

// heard returns what a form left to be told, once.
func (p *Pages) heard(c *gin.Context) *Said {
	value := p.cookies.Cookie(c, saidCookie)
	if value == "" || c.GetHeader(Live) != "" {
		return nil
	}
	p.cookies.SetCookie(c, saidCookie, "", 0)
	var said Said
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || json.Unmarshal(text, &said) != nil || said.Text == "" {
		return nil
	}
	return &said
}

// callOf is the id in the journal of what a request does, to be undone by.
func callOf(c *gin.Context) string {
	return journal.From(c.Request.Context(), "api").ID.String()
}

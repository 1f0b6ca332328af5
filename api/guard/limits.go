package guard

import (
	"io"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"tickler/api/problem"
	"tickler/internal/fault"
)

const (
	// MaxBody is the size limit of a body, in bytes, unless a route has its own.
	MaxBody = 1 << 20
	// counted is how many users or addresses are tracked; the least recently seen are
	// forgotten.
	counted = 10_000
	burst   = 4 // times the rate
)

// limiters limits calls by key in this process: n replicas allow n times as many.
type limiters struct {
	rate rate.Limit // 0: no limit
	now  func() time.Time
	each *lru.Cache[string, *rate.Limiter]
}

func newLimiters(perSecond float64, now func() time.Time) *limiters {
	each, err := lru.New[string, *rate.Limiter](counted)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &limiters{rate: rate.Limit(perSecond), now: now, each: each}
}

func (l *limiters) of(key string) *rate.Limiter {
	one, found := l.each.Get(key)
	if !found {
		one = rate.NewLimiter(l.rate, max(1, int(math.Ceil(float64(l.rate)*burst))))
		if earlier, there, _ := l.each.PeekOrAdd(key, one); there {
			return earlier
		}
	}
	return one
}

// take counts a call. If it exceeds the limit, take returns how long to wait.
func (l *limiters) take(key string) time.Duration {
	if l.rate <= 0 {
		return 0
	}
	if one := l.of(key); !one.AllowN(l.now(), 1) {
		return l.wait(key)
	}
	return 0
}

func (l *limiters) takeID(id int64) time.Duration { return l.take(strconv.FormatInt(id, 10)) }

// wait returns how long to wait before the next call, without counting one.
func (l *limiters) wait(key string) time.Duration {
	if l.rate <= 0 {
		return 0
	}
	missing := 1 - l.of(key).TokensAt(l.now())
	return time.Duration(max(0, missing) / float64(l.rate) * float64(time.Second))
}

func (g *Guard) notTooOften(c *gin.Context) {
	if wait := g.addresses.take(addressOf(c)); wait > 0 {
		tooOften(c, wait, "too many calls come from this address")
	}
}

// tooOften refuses a call and says when to try again.
func tooOften(c *gin.Context, wait time.Duration, message string) {
	problem.Refuse(c, slowDown(c, wait, message))
}

// slowDown is the error for a call that comes too soon. It sets Retry-After.
func slowDown(c *gin.Context, wait time.Duration, message string) *fault.Error {
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	c.Header("Retry-After", seconds)
	return &fault.Error{Code: fault.RateLimited, Message: message + "; try again in " + seconds + " s"}
}

// addressOf is the key for limits by address: an IPv4 address, or the /64 network
// that one holder of IPv6 addresses has.
func addressOf(c *gin.Context) string {
	address, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return ""
	}
	if address = address.Unmap(); address.Is6() {
		if network, err := address.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return address.String()
}

// plainBody limits the size of a body and refuses compressed ones, in which a few
// bytes can become gigabytes. What the handler leaves unread it reads and throws away: many
// clients look for the answer only when they have sent all, and to them a connection that
// closed before would look broken. One that asked whether to send is told by the answer.
func plainBody(maxBody int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if encoding := c.GetHeader("Content-Encoding"); encoding != "" && encoding != "identity" {
			problem.RefuseAs(c, http.StatusUnsupportedMediaType, &fault.Error{Code: fault.InvalidInput, Message: "a compressed body is not accepted; send it without Content-Encoding"})
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
		body := c.Request.Body
		c.Next()
		if c.GetHeader("Expect") == "" {
			_, _ = io.Copy(io.Discard, body)
		}
	}
}

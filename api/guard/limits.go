package guard

import (
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
	// MaxBody is how many bytes a body may have unless its route says otherwise.
	MaxBody = 1 << 20
	// counted is how many users or addresses are counted at a time: those that
	// were not heard of for longest start anew.
	counted = 10_000
	burst   = 4 // times the rate
)

// limiters count calls by key, in this process alone: n replicas let n times as
// many pass.
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

// take counts a call and returns how long to wait when it is one too many.
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

// wait is how long to wait before the next call, which is not counted yet.
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

// tooOften refuses a call with the time after which it may come again.
func tooOften(c *gin.Context, wait time.Duration, message string) {
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	c.Header("Retry-After", seconds)
	problem.Refuse(c, &fault.Error{Code: fault.RateLimited, Message: message + "; try again in " + seconds + " s"})
}

// addressOf is what calls are counted by: an IPv4 address, or the network that
// one holder of IPv6 addresses has.
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

// plainBody bounds a body, and refuses a compressed one: a few bytes could
// become gigabytes.
func plainBody(maxBody int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if encoding := c.GetHeader("Content-Encoding"); encoding != "" && encoding != "identity" {
			problem.RefuseAs(c, http.StatusUnsupportedMediaType, &fault.Error{Code: fault.InvalidInput, Message: "a compressed body is not accepted; send it without Content-Encoding"})
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	}
}

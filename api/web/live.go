package web

import (
	"cmp"
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/sse"
	"tickler/internal/lifecycle"
	"tickler/internal/person"
)

const writeTimeout = 10 * time.Second

// live streams that something of the person's has changed. The script then asks for
// the page again, so what has changed is rendered in one place only.
func (s *server) live(c *gin.Context, user person.Settings) error {
	subscription, err := s.Events.Subscribe(c.Request.Context(), user.UserID, nil)
	if err != nil {
		return err
	}
	defer subscription.Close()
	stream := sse.Open(c.Request.Context(), c.Writer, writeTimeout)
	defer stream.Close()
	stream.Write("retry: 2000\n\n")
	following, cancel := lifecycle.UntilStopping(c.Request.Context())
	defer cancel()
	following, cancel = context.WithTimeout(following, cmp.Or(s.Longest, sse.Longest))
	defer cancel()
	for following.Err() == nil && stream.Err() == nil {
		patience, stop := context.WithTimeout(following, sse.KeepAlive)
		entries, err := subscription.Next(patience)
		silent := patience.Err() != nil && following.Err() == nil
		stop()
		switch {
		case silent && len(entries) == 0:
			stream.Comment("still here")
		case err != nil:
			return nil // the browser connects again
		default:
			stream.Write("event: change\ndata: \n\n")
		}
	}
	return nil
}

package web

import (
	"cmp"
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/sse"
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
	stream.Follow(cmp.Or(s.Longest, sse.Longest), func(ctx context.Context) (string, error) { // the browser connects again
		entries, err := subscription.Next(ctx)
		if len(entries) == 0 {
			return "", err
		}
		return "event: change\ndata: \n\n", err
	})
	return nil
}

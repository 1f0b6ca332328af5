package access

import (
	"context"
	"slices"
	"time"
)

const (
	// recheckInterval is how often the tokens of answers under way are looked at
	// again: each has ended so long, and one look, after its token.
	recheckInterval = time.Second
	// recheckRest is the shortest time between two looks, however many answers begin.
	recheckRest = 100 * time.Millisecond
)

// held is an answer under way, and whose it is.
type held struct {
	caller Caller
	end    context.CancelCauseFunc
}

// Hold returns a context for answering a caller, which ends within two seconds,
// with ErrInvalid as its cause, when the caller's token is revoked, expires or
// loses a scope, or its user is deleted. release must be called when the answer
// has been given.
func (c *Checker) Hold(ctx context.Context, caller Caller) (answering context.Context, release func()) {
	answering, end := context.WithCancelCause(ctx)
	h := &held{caller, end}
	c.mu.Lock()
	c.answers[h] = struct{}{}
	c.mu.Unlock()
	return answering, func() {
		c.mu.Lock()
		delete(c.answers, h)
		c.mu.Unlock()
		end(context.Canceled)
	}
}

// Recheck has all tokens of answers under way looked at now. An answer that is
// to go on for long begins with it: its token may have been checked a while ago.
// It never blocks.
func (c *Checker) Recheck() {
	select {
	case c.doubt <- struct{}{}:
	default:
	}
}

// keepChecking looks at the tokens of answers under way until ctx ends. While
// the store cannot be asked, answers go on: nobody can revoke anything either,
// and there is nothing to be read.
func (c *Checker) keepChecking(ctx context.Context) {
	ticker := time.NewTicker(recheckInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-c.doubt:
		}
		if err := c.recheck(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn("the tokens of streams cannot be checked; they go on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(recheckRest):
		}
	}
}

func (c *Checker) recheck(ctx context.Context) error {
	now := c.now()
	var open []*held
	tokens, users := map[int64]bool{}, map[int64]bool{}
	c.mu.Lock()
	for h := range c.answers {
		if end := h.caller.Expires; !end.IsZero() && !now.Before(end) {
			h.end(ErrInvalid)
			continue
		}
		open = append(open, h)
		if h.caller.TokenID != 0 {
			tokens[h.caller.TokenID] = true
		} else {
			users[h.caller.UserID] = true
		}
	}
	c.mu.Unlock()
	if len(open) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	scopes, known, err := c.store.StillGood(ctx, tokens, users)
	if err != nil {
		return err
	}
	for _, h := range open {
		good := known[h.caller.UserID]
		if h.caller.TokenID != 0 {
			var may []Scope
			may, good = scopes[h.caller.TokenID]
			for _, s := range h.caller.Scopes {
				good = good && slices.Contains(may, s)
			}
		}
		if !good {
			h.end(ErrInvalid)
		}
	}
	return nil
}

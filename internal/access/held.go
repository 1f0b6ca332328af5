package access

import (
	"context"
	"slices"
	"time"
)

const (
	// recheckInterval is how often the tokens of open answers are rechecked: an
	// answer outlives its token by this long at most, plus one query.
	recheckInterval = time.Second
	// recheckRest is the least time between two rechecks, however many answers
	// begin.
	recheckRest = 100 * time.Millisecond
)

// held is an open answer and its caller.
type held struct {
	caller Caller
	end    context.CancelCauseFunc
}

// Hold returns a context for answering a caller, which ends within two seconds,
// with ErrInvalid as its cause, when the caller's token is revoked, expires or
// loses a scope, their session ends, or their user is deleted. Call release when the answer is complete.
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

// Recheck asks for a recheck of all open answers now. Call it before a long answer,
// since its token may have been checked a while ago. It never blocks.
func (c *Checker) Recheck() { c.doubt.Send() }

// keepChecking rechecks the tokens of open answers until ctx ends. While the store
// is unreachable answers go on: nothing can be revoked meanwhile, and nothing can
// be read.
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
	tokens, users, sessions := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	c.mu.Lock()
	for h := range c.answers {
		if end := h.caller.Expires; !end.IsZero() && !now.Before(end) {
			h.end(ErrInvalid)
			continue
		}
		open = append(open, h)
		switch {
		case h.caller.SessionID != 0:
			sessions[h.caller.SessionID] = true
		case h.caller.TokenID != 0:
			tokens[h.caller.TokenID] = true
		default:
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
	var lasting map[int64]bool
	if len(sessions) > 0 {
		if lasting, err = c.store.SessionsStillGood(ctx, sessions); err != nil {
			return err
		}
	}
	for _, h := range open {
		good := known[h.caller.UserID]
		if h.caller.SessionID != 0 {
			good = lasting[h.caller.SessionID]
		} else if h.caller.TokenID != 0 {
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

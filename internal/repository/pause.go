package repository

import (
	"context"
	"math"
	"strconv"
	"sync"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

const (
	// allowance is how long one user's changes of all of their tasks may take in a
	// row, and regained how much of that comes back in each second.
	allowance = 10 * time.Second
	regained  = 0.1
)

// pauses keep one user from changing all of their tasks again and again. While
// such a change runs, for some seconds or a minute, nobody's streams tell of
// anything: see docs/decisions/0009-streams-read-the-journal.md. With the pauses that is a tenth
// of the time for each user in the long run, on each replica.
type pauses struct {
	allowance time.Duration
	regained  float64

	mu      sync.Mutex
	running map[int64]bool // by user
	spent   map[int64]spent
}

// spent is how much of the allowance was used, at some time.
type spent struct {
	used time.Duration
	at   time.Time
}

func newPauses() *pauses {
	return &pauses{allowance: allowance, regained: regained, running: map[int64]bool{}, spent: map[int64]spent{}}
}

// used is what a user has used by now.
func (p *pauses) used(s spent, now time.Time) time.Duration {
	return max(0, s.used-time.Duration(float64(now.Sub(s.at))*p.regained))
}

// begin refuses a change of all of a user's tasks, with RATE_LIMITED, while another
// one runs and when the allowance is used up; else it returns what must be called
// at the end.
func (p *pauses) begin(userID int64) (end func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[userID] {
		return nil, &fault.Error{Code: fault.RateLimited, Message: "another change of all your tasks is under way; nothing was changed", Hint: "wait for its answer"}
	}
	began := time.Now()
	for user, s := range p.spent { // of whom there are few
		if p.used(s, began) == 0 {
			delete(p.spent, user)
		}
	}
	if over := p.used(p.spent[userID], began) - p.allowance; over > 0 {
		seconds := strconv.Itoa(int(math.Ceil(over.Seconds() / p.regained)))
		return nil, &fault.Error{
			Code: fault.RateLimited, Message: "your last changes of very many tasks took long; the next is possible in " + seconds + " s, and nothing was changed",
			Hint: "other calls are not concerned; try this one again in " + seconds + " s",
		}
	}
	p.running[userID] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.running, userID)
		now := time.Now()
		p.spent[userID] = spent{p.used(p.spent[userID], now) + now.Sub(began), now}
	}, nil
}

// pausedTx is a transaction whose changes of all of a user's tasks keep the pauses.
// A change counts until its transaction has ended: end is called then.
type pausedTx struct {
	*userTx
	end func()
}

// paused runs fn in a transaction that keeps the pauses.
func (r *Repository) paused(ctx context.Context, userID int64, fn func(*pausedTx) error) error {
	paused := &pausedTx{end: func() {}}
	defer func() { paused.end() }()
	return r.change(ctx, userID, func(tx *userTx) error {
		paused.userTx = tx
		return fn(paused)
	})
}

func (tx *pausedTx) begin() (err error) {
	end, err := tx.repository.pauses.begin(tx.userID)
	if err == nil {
		tx.end = end
	}
	return err
}

// RemoveCategory is userTx's, with its pause.
func (tx *pausedTx) RemoveCategory(ctx context.Context, id int64, now time.Time) (int, error) {
	if err := tx.begin(); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveCategory(ctx, id, now)
}

// RemoveTag is userTx's, with its pause.
func (tx *pausedTx) RemoveTag(ctx context.Context, id int64, now time.Time) (int, error) {
	if err := tx.begin(); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveTag(ctx, id, now)
}

// SaveSettings is userTx's, with its pause where tasks follow from the settings.
func (tx *pausedTx) SaveSettings(ctx context.Context, c person.SettingsChange, now time.Time) (person.SettingsEffect, error) {
	if c.TimeZone != nil || c.ReminderOffsets != nil || c.AllDayTime != nil || c.BringFrom != "" {
		if err := tx.begin(); err != nil {
			return person.SettingsEffect{}, err
		}
	}
	return tx.userTx.SaveSettings(ctx, c, now)
}

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
	// allowance is how long changes of all of one user's tasks may take in a row.
	// regained is how much of it comes back per second.
	allowance = 10 * time.Second
	regained  = 0.1
)

// pauses keep one user from changing all of their tasks over and over. Such a change
// runs for seconds, or up to a minute, and keeps a processor and the disk busy. The
// pauses limit this to a tenth of the time in the long run, for each user and replica.
type pauses struct {
	mu      sync.Mutex
	running map[int64]bool // by user
	accounts
}

func newPauses() *pauses {
	return &pauses{running: map[int64]bool{}, accounts: newAccounts(allowance, regained, time.Hour)}
}

// begin admits a change of all of a user's tasks, and returns the function to call
// when it has ended. While another one runs, or when the allowance is used up, it
// returns RATE_LIMITED.
func (p *pauses) begin(userID int64) (end func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[userID] {
		return nil, &fault.Error{Code: fault.RateLimited, Message: "another change of all your tasks is under way; nothing was changed", Hint: "wait for its answer"}
	}
	began := time.Now()
	if over := p.over(userID, began); over > 0 {
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
		p.spend(userID, now.Sub(began), now)
	}, nil
}

// pausedTx is a transaction that observes the pauses. A change counts until its
// transaction has ended, which is when end is called.
type pausedTx struct {
	*userTx
	end func()
}

// paused runs fn in a transaction that observes the pauses.
func (r *Repository) paused(ctx context.Context, userID int64, fn func(*pausedTx) error) error {
	paused := &pausedTx{end: func() {}}
	defer func() { paused.end() }()
	return undisturbed(ctx, func() error {
		paused.end() // of the attempt before
		paused.end = func() {}
		return r.change(ctx, userID, func(tx *userTx) error {
			paused.userTx = tx
			return fn(paused)
		})
	})
}

func (tx *pausedTx) begin() (err error) {
	end, err := tx.repository.pauses.begin(tx.userID)
	if err == nil {
		tx.end = end
	}
	return err
}

// RemoveCategory is userTx.RemoveCategory with the pause.
func (tx *pausedTx) RemoveCategory(ctx context.Context, id int64, now time.Time) (int, error) {
	if err := tx.begin(); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveCategory(ctx, id, now)
}

// RemoveTag is userTx.RemoveTag with the pause.
func (tx *pausedTx) RemoveTag(ctx context.Context, id int64, now time.Time) (int, error) {
	if err := tx.begin(); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveTag(ctx, id, now)
}

// MergeTag is userTx.MergeTag with the pause.
func (tx *pausedTx) MergeTag(ctx context.Context, id, into int64, now time.Time) (int, error) {
	if err := tx.begin(); err != nil {
		return 0, err
	}
	return tx.userTx.MergeTag(ctx, id, into, now)
}

// SaveSettings is userTx.SaveSettings, with the pause if tasks depend on the changed
// settings.
func (tx *pausedTx) SaveSettings(ctx context.Context, c person.SettingsChange, now time.Time) (person.SettingsEffect, error) {
	if c.TimeZone != nil || c.ReminderOffsets != nil || c.AllDayTime != nil || c.BringFrom != "" {
		if err := tx.begin(); err != nil {
			return person.SettingsEffect{}, err
		}
	}
	return tx.userTx.SaveSettings(ctx, c, now)
}

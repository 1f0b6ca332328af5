package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// settle waits until the books balance, or for no longer than it may take, and then
// looks whether they stay so.
func (d *driver) settle(ctx context.Context) ([]Finding, error) {
	deadline := time.Now().Add(cmp.Or(d.Settle, settling))
	for {
		books, err := d.gather(ctx, false)
		if err == nil {
			left := slices.DeleteFunc(Balance(books), Finding.lasts)
			if len(left) == 0 || time.Now().After(deadline) {
				break
			}
			d.say("%d things are still open, for example %s", len(left), left[0])
		} else if time.Now().After(deadline) {
			return nil, fmt.Errorf("what is there cannot be read: %w", err)
		}
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	time.Sleep(quiet) // there is nothing to wait for: nothing may come
	books, err := d.gather(ctx, true)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.books = *books
	return Balance(books), nil
}

// gather reads what can be seen from outside now.
func (d *driver) gather(ctx context.Context, withHistory bool) (*Books, error) {
	letters, err := d.system.Letters(ctx)
	if err != nil {
		return nil, err
	}
	books := &Books{Messages: d.bus.all(), Letters: letters}
	books.Calls, _ = d.hook.all()
	for _, u := range d.users {
		account := *u.account
		account.Stored, account.History = nil, nil
		for _, status := range []string{"all", "deleted"} {
			err := pages(ctx, u.rest, "list_tasks", fields{"status": status, "limit": 100, "sort_by": "created_at"}, func(a answer) {
				account.Stored = append(account.Stored, a.Tasks...)
			})
			if err != nil {
				return nil, err
			}
		}
		if withHistory {
			err := pages(ctx, u.rest, "get_history", fields{"limit": 100}, func(a answer) {
				for _, change := range a.Changes {
					account.History = append(account.History, change.Noted)
				}
			})
			if err != nil {
				return nil, err
			}
		}
		books.Accounts = append(books.Accounts, &account)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	books.Refused, books.Streamed = slices.Clone(d.books.Refused), slices.Clone(d.books.Streamed)
	d.watch.mu.Lock()
	defer d.watch.mu.Unlock()
	books.Leaks = append(slices.Clone(d.books.Leaks), d.watch.leaks...)
	return books, nil
}

// atLast repeats what fails for a while.
func atLast(ctx context.Context, attempt func() error) error {
	err := attempt()
	for range 20 {
		if !errors.As(err, new(passing)) || ctx.Err() != nil {
			break
		}
		time.Sleep(500 * time.Millisecond)
		err = attempt()
	}
	return err
}

// pages reads all pages of a list.
func pages(ctx context.Context, over way, operation string, arguments fields, each func(answer)) error {
	for {
		var a answer
		err := atLast(ctx, func() (err error) {
			a, err = over.call(ctx, operation, arguments)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", operation, err)
		}
		each(a)
		if a.NextCursor == "" {
			return nil
		}
		arguments["cursor"] = a.NextCursor
	}
}

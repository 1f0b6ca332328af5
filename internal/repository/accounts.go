package repository

import "time"

// accounts note how long users' work took, against an allowance for each, of which a
// part comes back per second. One goroutine at a time may use them.
type accounts struct {
	allowance time.Duration
	regained  float64
	most      time.Duration   // beyond the allowance, no more than this is noted
	spent     map[int64]spent // by user
}

// spent is how much of the allowance was used at a given time.
type spent struct {
	used time.Duration
	at   time.Time
}

func newAccounts(allowance time.Duration, regained float64, most time.Duration) accounts {
	return accounts{allowance: allowance, regained: regained, most: most, spent: map[int64]spent{}}
}

// used returns how much of the allowance is used by now.
func (a *accounts) used(s spent, now time.Time) time.Duration {
	return max(0, s.used-time.Duration(float64(now.Sub(s.at))*a.regained))
}

// over returns by how much a user has exceeded the allowance by now.
func (a *accounts) over(userID int64, now time.Time) time.Duration {
	return max(0, a.used(a.spent[userID], now)-a.allowance)
}

// spend notes work of a user that has just ended.
func (a *accounts) spend(userID int64, took time.Duration, now time.Time) {
	for user, s := range a.spent { // there are few
		if a.used(s, now) == 0 {
			delete(a.spent, user)
		}
	}
	a.spent[userID] = spent{min(a.used(a.spent[userID], now)+took, a.allowance+a.most), now}
}

package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// browse gives a user a signed-in browser.
func (b *bundle) browse(t *testing.T, userID int64, replaced int64) (id int64, hash []byte) {
	t.Helper()
	_, stored := access.NewSession()
	stored.Browser, stored.Method = "Firefox on Linux", access.MethodLink
	id, err := b.store.AddSession(b.ctx, userID, stored, replaced)
	require.NoError(t, err)
	return id, stored.Hash
}

func TestSessionLastsFromItsLastUse(t *testing.T) {
	b := setup(t)
	id, hash := b.browse(t, b.ann.UserID, 0)
	found, err := b.store.SessionByHash(b.ctx, hash)
	require.NoError(t, err)
	require.Equal(t, id, found.ID)
	require.Equal(t, b.ann.UserID, found.UserID)
	require.WithinDuration(t, time.Now().Add(access.SessionLasts), found.ExpiresAt, time.Minute)

	_, err = b.pool.Exec(b.ctx, `UPDATE web_sessions SET expires_at = now() + interval '1 minute', last_used_at = now() - interval '30 days'`)
	require.NoError(t, err)
	used := time.Now()
	require.NoError(t, b.store.NoteSessionUse(b.ctx, map[int64]time.Time{id: used}))
	found, err = b.store.SessionByHash(b.ctx, hash)
	require.NoError(t, err)
	require.WithinDuration(t, used.Add(access.SessionLasts), found.ExpiresAt, time.Second)

	_, err = b.pool.Exec(b.ctx, `UPDATE web_sessions SET expires_at = now()`)
	require.NoError(t, err)
	_, err = b.store.SessionByHash(b.ctx, hash)
	require.ErrorIs(t, err, fault.ErrNotFound)
	require.NoError(t, b.store.NoteSessionUse(b.ctx, map[int64]time.Time{id: used}), "a use that is noted late revives nothing")
	_, err = b.store.SessionByHash(b.ctx, hash)
	require.ErrorIs(t, err, fault.ErrNotFound)
	good, err := b.store.SessionsStillGood(b.ctx, map[int64]bool{id: true})
	require.NoError(t, err)
	require.Empty(t, good)
}

func TestSessionsOfAUserAreTheirsToEnd(t *testing.T) {
	b := setup(t)
	anns, hash := b.browse(t, b.ann.UserID, 0)
	other, _ := b.browse(t, b.ann.UserID, 0)
	bobs, _ := b.browse(t, b.bob.UserID, 0)
	ended, err := b.store.EndSession(b.ctx, b.bob.UserID, anns)
	require.NoError(t, err)
	require.False(t, ended, "another's session does not exist")
	n, err := b.store.EndOtherSessions(b.ctx, b.ann.UserID, other)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = b.store.SessionByHash(b.ctx, hash)
	require.ErrorIs(t, err, fault.ErrNotFound)
	good, err := b.store.SessionsStillGood(b.ctx, map[int64]bool{anns: true, other: true, bobs: true})
	require.NoError(t, err)
	require.Equal(t, map[int64]bool{other: true, bobs: true}, good)
	again, _ := b.browse(t, b.ann.UserID, other)
	list, err := b.store.WebSessions(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Len(t, list, 1, "the browser's former session ended")
	require.Equal(t, again, list[0].ID)
	var told []string
	rows, err := b.pool.Query(b.ctx, `SELECT action FROM journal WHERE object = 'session' AND user_id = $1 ORDER BY id`, b.ann.UserID)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var action string
		require.NoError(t, rows.Scan(&action))
		told = append(told, action)
	}
	require.Equal(t, []string{"created", "created", "revoked", "created"}, told)
}

func TestUserHasSoManySignedInBrowsersOnly(t *testing.T) {
	b := setup(t)
	first, _ := b.browse(t, b.ann.UserID, 0)
	_, err := b.pool.Exec(b.ctx, `UPDATE web_sessions SET last_used_at = now() - interval '1 hour'`)
	require.NoError(t, err)
	for range access.SessionsPerUser {
		b.browse(t, b.ann.UserID, 0)
	}
	list, err := b.store.WebSessions(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Len(t, list, access.SessionsPerUser)
	for _, one := range list {
		require.NotEqual(t, first, one.ID, "the one that was unused longest ended")
	}
}

func TestLinkIsTakenOnceAndInTime(t *testing.T) {
	b := setup(t)
	secret := person.NewSecret()
	require.NoError(t, b.store.AddSignInLink(b.ctx, b.ann.UserID, person.HashSecret(secret)))
	name, err := b.store.FindSignInLink(b.ctx, person.HashSecret(secret))
	require.NoError(t, err)
	require.NotEmpty(t, name)
	var lasts time.Duration
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT expires_at - now() FROM sign_in_links`).Scan(&lasts))
	require.InDelta(t, access.LinkLasts, lasts, float64(time.Minute))
	userID, err := b.store.TakeSignInLink(b.ctx, person.HashSecret(secret))
	require.NoError(t, err)
	require.Equal(t, b.ann.UserID, userID)
	_, err = b.store.TakeSignInLink(b.ctx, person.HashSecret(secret))
	require.ErrorIs(t, err, fault.ErrNotFound)

	require.NoError(t, b.store.AddSignInLink(b.ctx, b.ann.UserID, person.HashSecret("late")))
	_, err = b.pool.Exec(b.ctx, `UPDATE sign_in_links SET expires_at = now()`)
	require.NoError(t, err)
	_, err = b.store.FindSignInLink(b.ctx, person.HashSecret("late"))
	require.ErrorIs(t, err, fault.ErrNotFound)
	_, err = b.store.TakeSignInLink(b.ctx, person.HashSecret("late"))
	require.ErrorIs(t, err, fault.ErrNotFound)

	for range 20 {
		require.NoError(t, b.store.AddSignInLink(b.ctx, b.bob.UserID, person.HashSecret(person.NewSecret())))
	}
	var waiting int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM sign_in_links WHERE user_id = $1`, b.bob.UserID).Scan(&waiting))
	require.Equal(t, 5, waiting, "one more takes the place of the oldest")
}

func TestStepIsRememberedInTimeAndNotWithoutEnd(t *testing.T) {
	b := setup(t)
	begin := func(key, kind string, lasts time.Duration) bool {
		begun, err := b.store.BeginSignInStep(b.ctx, []byte(key), kind, "state of "+key, lasts)
		require.NoError(t, err)
		return begun
	}
	require.True(t, begin("one", "issuer", time.Minute))
	_, err := b.store.TakeSignInStep(b.ctx, []byte("one"), "passkey")
	require.ErrorIs(t, err, fault.ErrNotFound, "a step of another kind")
	state, err := b.store.TakeSignInStep(b.ctx, []byte("one"), "issuer")
	require.NoError(t, err)
	require.Equal(t, "state of one", state)
	_, err = b.store.TakeSignInStep(b.ctx, []byte("one"), "issuer")
	require.ErrorIs(t, err, fault.ErrNotFound, "it was taken")
	require.True(t, begin("late", "form", -time.Minute))
	_, err = b.store.FindSignInStep(b.ctx, []byte("late"), "form")
	require.ErrorIs(t, err, fault.ErrNotFound)

	_, err = b.pool.Exec(b.ctx, `INSERT INTO sign_in_steps SELECT sha256(n::text::bytea), 'form', '', now() + interval '1 hour' FROM generate_series(1, 1000) n`)
	require.NoError(t, err)
	require.False(t, begin("more", "form", time.Minute))
	require.True(t, begin("another", "passkey", time.Minute), "other kinds are counted by themselves")
}

// The answer to who asks for a mail is the same whether somebody signs in there; the
// mails are few.
func TestLinkIsMailedOnlyWhereItsPersonSaidSo(t *testing.T) {
	b := setup(t)
	add := func(userID int64, target string, signsIn bool) {
		_, err := b.pool.Exec(b.ctx, `INSERT INTO channels (user_id, kind, target, signs_in) VALUES ($1, 'email', $2, $3)`, userID, target, signsIn)
		require.NoError(t, err)
	}
	add(b.ann.UserID, "ann@example.com", true)
	add(b.bob.UserID, "bob@example.com", false)
	for _, address := range []string{"ann@example.com", "ANN@example.com", "bob@example.com", "nobody@example.com", "%", ""} {
		require.NoError(t, b.store.MailSignInLink(b.ctx, address, "https://tickler.example.com"))
	}
	mails := func() (n int) {
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM deliveries WHERE kind = 'sign_in'`).Scan(&n))
		return n
	}
	require.Equal(t, 1, mails(), "ann's, once within a minute")
	for range 20 {
		_, err := b.pool.Exec(b.ctx, `UPDATE deliveries SET created_at = created_at - interval '2 minutes'`)
		require.NoError(t, err)
		require.NoError(t, b.store.MailSignInLink(b.ctx, "ann@example.com", "https://tickler.example.com"))
	}
	require.Equal(t, 10, mails(), "and so many a day")
	var content string
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT string_agg(content::text, '') FROM deliveries`).Scan(&content))
	require.Contains(t, content, `https://tickler.example.com/sign-in/link/"`, "without a secret")
}

// A login of notifier makes links only for people who said that they sign in by mail.
func TestNotifierMakesLinksForThoseWhoSignInByMailOnly(t *testing.T) {
	b := setup(t)
	notifier := repository.New(pgtest.As(t, b.pool, string(repository.RoleNotifier)), "notifier", func() {})
	require.Error(t, notifier.MailedSignInLink(b.ctx, b.bob.UserID, []byte("x")))
	_, err := b.pool.Exec(b.ctx, `INSERT INTO channels (user_id, kind, target, signs_in) VALUES ($1, 'email', 'ann@example.com', true)`, b.ann.UserID)
	require.NoError(t, err)
	require.NoError(t, notifier.MailedSignInLink(b.ctx, b.ann.UserID, []byte("y")))
	require.NoError(t, notifier.Prune(b.ctx))
	_, err = b.pool.Exec(b.ctx, `UPDATE sign_in_links SET expires_at = now(); INSERT INTO sign_in_steps VALUES ('x', 'form', '', now())`)
	require.NoError(t, err)
	b.browse(t, b.ann.UserID, 0)
	_, err = b.pool.Exec(b.ctx, `UPDATE web_sessions SET expires_at = now()`)
	require.NoError(t, err)
	require.NoError(t, notifier.Prune(b.ctx))
	var left int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT (SELECT count(*) FROM sign_in_links) + (SELECT count(*) FROM sign_in_steps) + (SELECT count(*) FROM web_sessions)`).Scan(&left))
	require.Zero(t, left, "what has ended is removed")
}

func TestPasskeyIsItsUsersAndUsedOnceAtATime(t *testing.T) {
	b := setup(t)
	key := access.Passkey{UserID: b.ann.UserID, CredentialID: []byte("id"), Handle: []byte("handle"), Credential: `{"signCount":1}`, Name: "Phone"}
	id, err := b.store.AddPasskey(b.ctx, key)
	require.NoError(t, err)
	_, err = b.store.AddPasskey(b.ctx, access.Passkey{UserID: b.bob.UserID, CredentialID: []byte("id"), Handle: []byte("other"), Credential: `{}`, Name: "Mine"})
	var refused *fault.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, fault.Conflict, refused.Code)
	found, err := b.store.FindPasskey(b.ctx, []byte("id"))
	require.NoError(t, err)
	require.Equal(t, b.ann.UserID, found.UserID)
	require.NoError(t, b.store.UsedPasskey(b.ctx, found, `{"signCount":2}`, time.Now()))
	require.ErrorIs(t, b.store.UsedPasskey(b.ctx, found, `{"signCount":2}`, time.Now()), fault.ErrNotFound, "of two answers with one count, one is taken")
	require.ErrorIs(t, b.store.RenamePasskey(b.ctx, b.bob.UserID, id, "Mine"), fault.ErrNotFound)
	require.ErrorIs(t, b.store.RemovePasskey(b.ctx, b.bob.UserID, id), fault.ErrNotFound)
	require.NoError(t, b.store.RenamePasskey(b.ctx, b.ann.UserID, id, "Watch"))
	require.NoError(t, b.store.RemovePasskey(b.ctx, b.ann.UserID, id))
	_, err = b.store.FindPasskey(b.ctx, []byte("id"))
	require.ErrorIs(t, err, fault.ErrNotFound)
	for n := range access.PasskeysPerUser {
		key.CredentialID = []byte{byte(n)}
		_, err := b.store.AddPasskey(b.ctx, key)
		require.NoError(t, err)
	}
	key.CredentialID = []byte("more")
	_, err = b.store.AddPasskey(b.ctx, key)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, fault.LimitExceeded, refused.Code)
}

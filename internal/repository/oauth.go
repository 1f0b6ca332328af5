package repository

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

// AddCode stores the hash of an authorization code with what its person agreed to.
// The code is good for 60 seconds.
func (r *Repository) AddCode(ctx context.Context, hash []byte, g access.Grant) error {
	return r.change(ctx, g.UserID, func(tx *userTx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO oauth_codes (user_id, hash, client_id, client_name, redirect, challenge, resource, scopes, attempt)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			g.UserID, hash, g.ClientID, g.ClientName, g.Redirect, g.Challenge, g.Resource, namesOf(g.Scopes), g.Attempt)
		if err != nil {
			return fmt.Errorf("store code: %w", err)
		}
		return tx.noteAttempt(ctx, g.Attempt, access.Attempt{Client: g.ClientName, Step: access.StepCode})
	})
}

// foundSecret is where a code or token of a connection is kept.
func (r *Repository) foundSecret(ctx context.Context, find string, secret string) (id, userID int64, err error) {
	hash, ok := access.HashOf(secret)
	if !ok {
		return 0, 0, access.ErrUnknownGrant
	}
	err = r.pool.QueryRow(ctx, `SELECT id, user_id FROM `+find+`($1)`, hash).Scan(&id, &userID)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, access.ErrUnknownGrant
	}
	return id, userID, unavailable(err)
}

// RedeemCode exchanges a code for the tokens of a new connection. check says whether
// the code was meant for who sent it. The error is access.ErrUnknownGrant, or an
// *access.Refused. A code that was exchanged already ends the connection that came of
// it. leadsTo is a host or scheme, as the person sees it.
func (r *Repository) RedeemCode(ctx context.Context, code string, check func(access.Grant) (leadsTo string, err error)) (issued access.Issued, err error) {
	id, userID, err := r.foundSecret(ctx, "find_oauth_code", code)
	if err != nil {
		return issued, err
	}
	var refused error
	err = r.change(ctx, userID, func(tx *userTx) error {
		if err := tx.lockUser(ctx, true); err != nil {
			return err
		}
		g, former, expired := access.Grant{UserID: userID}, (*int64)(nil), false
		err := tx.QueryRow(ctx, `
			SELECT client_id, client_name, redirect, challenge, resource, scopes, attempt, token_id, expires_at <= now()
			FROM oauth_codes WHERE user_id = $1 AND id = $2 FOR UPDATE`, userID, id).
			Scan(&g.ClientID, &g.ClientName, &g.Redirect, &g.Challenge, &g.Resource, &g.Scopes, &g.Attempt, &former, &expired)
		if errors.Is(err, pgx.ErrNoRows) {
			refused = access.ErrUnknownGrant
			return nil
		}
		if err != nil {
			return err
		}
		leadsTo, err := check(g)
		switch {
		case former != nil:
			refused = &access.Refused{Reason: "the code was used twice, so the connection was ended: somebody else may have it"}
			if err := tx.endConnection(ctx, *former, "code used twice"); err != nil {
				return err
			}
		case expired:
			refused = &access.Refused{Reason: "the code is older than 60 seconds"}
		case err != nil:
			refused = err
		default:
			issued, err = tx.connect(ctx, code, id, g, leadsTo)
			if full := (*fault.Error)(nil); errors.As(err, &full) {
				refused, err = &access.Refused{Reason: full.Message}, nil
			} else if err != nil {
				return err
			}
		}
		if refused != nil {
			return tx.noteAttempt(ctx, g.Attempt, access.Attempt{Client: g.ClientName, Step: access.StepToken, Problem: refused.Error()})
		}
		return tx.noteAttempt(ctx, g.Attempt, access.Attempt{Client: g.ClientName, Step: access.StepConnected})
	})
	if err == nil {
		err = refused
	}
	return issued, err
}

// connect makes the connection of a code with its first tokens.
func (tx *userTx) connect(ctx context.Context, code string, codeID int64, g access.Grant, leadsTo string) (issued access.Issued, err error) {
	var there int
	err = tx.QueryRow(ctx, `
		SELECT count(*) FROM tokens WHERE user_id = $1 AND client_id IS NOT NULL AND revoked_at IS NULL AND expires_at > now()`, tx.userID).Scan(&there)
	if err != nil {
		return issued, err
	}
	if there >= access.ConnectionsPerUser {
		return issued, &fault.Error{Code: fault.LimitExceeded, Message: "the person has " + strconv.Itoa(access.ConnectionsPerUser) + " connections, the most allowed; one must be ended first"}
	}
	var connection int64
	err = tx.QueryRow(ctx, `
		INSERT INTO tokens (user_id, name, prefix, scopes, expires_at, client_id, leads_to, resource) VALUES ($1, $2, '', $3, now() + $4::interval, $5, $6, $7)
		RETURNING id`, tx.userID, g.ClientName, namesOf(g.Scopes), access.RefreshLasts, g.ClientID, leadsTo, g.Resource).Scan(&connection)
	if err != nil {
		return issued, fmt.Errorf("store connection: %w", err)
	}
	issued.Access, issued.Refresh = access.Succeed(code, access.NewSalt())
	issued.Scopes, issued.Lasts = g.Scopes, access.AccessLasts
	if err := tx.issue(ctx, connection, issued, g.Scopes); err != nil {
		return issued, err
	}
	if _, err := tx.Exec(ctx, `UPDATE oauth_codes SET token_id = $3 WHERE user_id = $1 AND id = $2`, tx.userID, codeID, connection); err != nil {
		return issued, err
	}
	if _, err := tx.Exec(ctx, `SELECT keep_oauth_client($1)`, g.ClientID); err != nil {
		return issued, err
	}
	return issued, tx.leaveEntry(ctx, entry{object: journal.Token, id: connection, action: journal.Created,
		after: map[string]any{"name": g.ClientName, "scopes": namesOf(g.Scopes), "client": g.ClientID}})
}

// issue stores the tokens that a client is given. all are the scopes that the next
// refresh can ask for.
func (tx *userTx) issue(ctx context.Context, connection int64, issued access.Issued, all []access.Scope) error {
	accessHash, _ := access.HashOf(issued.Access)
	refreshHash, _ := access.HashOf(issued.Refresh)
	_, err := tx.Exec(ctx, `
		INSERT INTO oauth_tokens (user_id, token_id, kind, hash, scopes, expires_at)
		VALUES ($1, $2, 'access', $3, $4, now() + $5::interval), ($1, $2, 'refresh', $6, $7, now() + $8::interval)`,
		tx.userID, connection, accessHash, namesOf(issued.Scopes), access.AccessLasts, refreshHash, namesOf(all), access.RefreshLasts)
	if err != nil {
		return fmt.Errorf("store tokens: %w", err)
	}
	return nil
}

// RefreshTokens exchanges a refresh token of a client for new ones. scopes narrow what
// the access token may do; none is all. A token that was exchanged a while ago ends its
// connection; within access.RepeatedWithin the same tokens are returned once more. The
// error is as that of RedeemCode.
func (r *Repository) RefreshTokens(ctx context.Context, token, clientID string, resource func(of string) error, scopes []string) (issued access.Issued, err error) {
	id, userID, err := r.foundSecret(ctx, "find_oauth_token", token)
	if err != nil {
		return issued, err
	}
	var refused error
	err = r.change(ctx, userID, func(tx *userTx) error {
		var connection int64
		var of, to string
		var granted, given []access.Scope
		var ended, expired bool
		var salt []byte
		var since, left *time.Duration
		// The connection is locked first, so that exchanges follow one another.
		err := tx.QueryRow(ctx, `
			WITH connection AS (
				SELECT t.id, t.client_id, t.resource, t.revoked_at FROM tokens t
				WHERE t.user_id = $1 AND t.id = (SELECT token_id FROM oauth_tokens WHERE user_id = $1 AND id = $2 AND kind = 'refresh')
				FOR NO KEY UPDATE
			) SELECT id, client_id, resource, revoked_at IS NOT NULL FROM connection`, userID, id).Scan(&connection, &of, &to, &ended)
		if errors.Is(err, pgx.ErrNoRows) {
			refused = access.ErrUnknownGrant
			return nil
		}
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			SELECT scopes, successor, salt, expires_at <= now(), now() - used_at, used_at + $3::interval - now()
			FROM oauth_tokens WHERE user_id = $1 AND id = $2 FOR UPDATE`, userID, id, access.AccessLasts).Scan(&granted, &given, &salt, &expired, &since, &left)
		if err != nil {
			return err
		}
		asked, narrowing := access.Narrowed(granted, scopes)
		misdirected := resource(to)
		switch {
		case of != clientID: // says nothing of whose it is
			refused = access.ErrUnknownGrant
		case ended || expired:
			refused = &access.Refused{Reason: "the connection was ended; ask the person again"}
		case since != nil && *since <= access.RepeatedWithin:
			issued.Access, issued.Refresh = access.Succeed(token, salt)
			issued.Scopes, issued.Lasts = given, *left
		case since != nil:
			refused = &access.Refused{Reason: "the refresh token was used twice, so the connection was ended: somebody else may have it"}
			return tx.endConnection(ctx, connection, "refresh token used twice")
		case narrowing != nil:
			refused = narrowing
		case misdirected != nil:
			refused = misdirected
		default:
			salt = access.NewSalt()
			issued.Access, issued.Refresh = access.Succeed(token, salt)
			issued.Scopes, issued.Lasts = asked, access.AccessLasts
			if err := tx.issue(ctx, connection, issued, granted); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE tokens SET expires_at = now() + $3::interval WHERE user_id = $1 AND id = $2`, userID, connection, access.RefreshLasts); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `
				UPDATE oauth_tokens SET used_at = now(), salt = $3, successor = $4, expires_at = least(expires_at, now() + $5::interval)
				WHERE user_id = $1 AND id = $2`, userID, id, salt, namesOf(asked), access.ReuseNoticed); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT keep_oauth_client($1)`, clientID)
			return err
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return issued, err
}

// EndByClient ends the connection that a token of the client belongs to; RFC 7009. A
// token that is unknown, or another client's, ends nothing.
func (r *Repository) EndByClient(ctx context.Context, token, clientID string) error {
	id, userID, err := r.foundSecret(ctx, "find_oauth_token", token)
	if errors.Is(err, access.ErrUnknownGrant) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.change(ctx, userID, func(tx *userTx) error {
		var connection int64
		err := tx.QueryRow(ctx, `
			SELECT t.id FROM oauth_tokens o JOIN tokens t ON t.id = o.token_id
			WHERE o.user_id = $1 AND o.id = $2 AND t.client_id = $3`, userID, id, clientID).Scan(&connection)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.endConnection(ctx, connection, "by the client")
	})
}

// Leads reports whether a user has a connection with a client that has not ended, and
// agreed to it by being led to leadsTo: a host or scheme.
func (r *Repository) Leads(ctx context.Context, userID int64, clientID, leadsTo string) (leads bool, err error) {
	err = r.as(userID).QueryRow(ctx, `
		SELECT EXISTS (
			SELECT FROM tokens
			WHERE user_id = $1 AND client_id = $2 AND leads_to = $3 AND revoked_at IS NULL AND expires_at > now())`,
		userID, clientID, leadsTo).Scan(&leads)
	return leads, unavailable(err)
}

// endConnection ends a connection for good, with all its tokens. One that has ended
// stays as it is.
func (tx *userTx) endConnection(ctx context.Context, id int64, why string) error {
	var name string
	err := tx.QueryRow(ctx, `
		UPDATE tokens SET revoked_at = now() WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING name`, tx.userID, id).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end connection: %w", err)
	}
	return tx.leaveEntry(ctx, entry{object: journal.Token, id: id, action: journal.Revoked, before: map[string]any{"name": name}, after: map[string]any{"reason": why}})
}

func namesOf(scopes []access.Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return names
}

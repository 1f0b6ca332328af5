package repository

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/task"
)

const commentColumns = `SELECT id, task_id, author, author_kind, coalesce(token_id, 0), content, coalesce(url, ''), coalesce(link_title, ''), coalesce(link_kind, ''), created_at, updated_at FROM comments`

func scanComment(by journal.Actor) pgx.RowToFunc[task.Comment] {
	return func(row pgx.CollectableRow) (c task.Comment, err error) {
		err = row.Scan(&c.ID, &c.TaskID, &c.Author, &c.AuthorKind, &c.TokenID, &c.Text, &c.Link.URL, &c.Link.Title, &c.Link.Kind, &c.CreatedAt, &c.UpdatedAt)
		c.CreatedAt, c.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
		c.May = mayChange(c, by)
		return c, err
	}
}

// mayChange tells whether an actor may change or delete a comment of their user: the
// person, its author, and who imported it.
func mayChange(c task.Comment, by journal.Actor) bool {
	if by.Kind == journal.Person {
		return true
	}
	imported := c.AuthorKind == string(journal.System) && by.TokenID != 0
	return c.TokenID == by.TokenID && (imported || c.AuthorKind == string(by.Kind) && c.Author == input.ValidUTF8(by.Name))
}

// Comments reads comments on a task; see task.Store.
func (r *Repository) Comments(ctx context.Context, userID, taskID, before int64, limit int) (comments []task.Comment, total int, err error) {
	by := journal.From(ctx, r.source).By
	batch := &pgx.Batch{}
	batch.Queue(`SELECT count(*) FROM comments WHERE user_id = $1 AND task_id = $2`, userID, taskID).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	batch.Queue(commentColumns+` WHERE user_id = $1 AND task_id = $2 AND ($3::bigint = 0 OR id < $3) ORDER BY id DESC LIMIT $4`, userID, taskID, before, limit).
		Query(func(rows pgx.Rows) (err error) {
			comments, err = pgx.CollectRows(rows, scanComment(by))
			return err
		})
	err = r.as(userID).SendBatch(ctx, batch).Close()
	return comments, total, unavailable(err)
}

// CommentsAfter reads comments for an export; see task.Store.
func (r *Repository) CommentsAfter(ctx context.Context, userID, taskID, id int64, limit int) ([]task.Comment, error) {
	rows, err := r.as(userID).Query(ctx, commentColumns+` c
		WHERE user_id = $1 AND (task_id, id) > ($2, $3) AND EXISTS (SELECT FROM tasks t WHERE t.user_id = $1 AND t.id = c.task_id AND t.deleted_at IS NULL)
		ORDER BY task_id, id LIMIT $4`, userID, taskID, id, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	comments, err := pgx.CollectRows(rows, scanComment(journal.Actor{}))
	return comments, unavailable(err)
}

// Comment reads a comment on a task, 0 for any, and locks its row.
func (tx *userTx) Comment(ctx context.Context, taskID, id int64) (*task.Comment, error) {
	rows, err := tx.Query(ctx, commentColumns+` WHERE user_id = $1 AND ($2::bigint = 0 OR task_id = $2) AND id = $3 FOR UPDATE`, tx.userID, taskID, id)
	if err != nil {
		return nil, err
	}
	c, err := pgx.CollectOneRow(rows, scanComment(journal.From(ctx, tx.repository.source).By))
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.ErrNotFound
	}
	return &c, err
}

// CountComments counts the comments on tasks.
func (tx *userTx) CountComments(ctx context.Context, taskIDs ...int64) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM comments WHERE user_id = $1 AND task_id = ANY ($2)`, tx.userID, taskIDs).Scan(&n)
	return n, err
}

// AddComment stores a comment and its entry, with the event that tells of it.
func (tx *userTx) AddComment(ctx context.Context, t *task.Task, c *task.Comment) error {
	by := journal.From(ctx, tx.repository.source).By
	c.Author, c.AuthorKind, c.TokenID = input.ValidUTF8(by.Name), string(by.Kind), by.TokenID
	if err := tx.storeComment(ctx, t, c, c.CreatedAt); err != nil {
		return err
	}
	tx.updateSaid(t.ID)
	return nil
}

// ImportComments stores comments from elsewhere, and their entries, with the events that
// tell of them. Only the file vouches for who is said to be their author, so that none
// is taken for a person's or agent's here, unless the person imports them.
func (tx *userTx) ImportComments(ctx context.Context, t *task.Task, comments []task.Comment, now time.Time) error {
	by := journal.From(ctx, tx.repository.source).By
	for i := range comments {
		c := &comments[i]
		if c.TokenID = by.TokenID; by.Kind != journal.Person || c.AuthorKind != string(journal.Person) && c.AuthorKind != string(journal.Agent) {
			c.AuthorKind = string(journal.System)
		}
		if err := tx.storeComment(ctx, t, c, now); err != nil {
			return err
		}
	}
	tx.updateSaid(t.ID)
	return nil
}

func (tx *userTx) storeComment(ctx context.Context, t *task.Task, c *task.Comment, now time.Time) error {
	if err := tx.QueryRow(ctx, insertComment+returningID, tx.commentArgs(*c, nil)...).Scan(&c.ID); err != nil {
		return err
	}
	if err := tx.leaveEntry(ctx, entry{object: journal.Comment, id: c.ID, action: journal.Created, at: now, after: commentFields(*c)}); err != nil {
		return err
	}
	told := event.CommentedFields{
		Title: t.Title, CommentID: c.ID, Author: c.Author, AuthorKind: c.AuthorKind,
		Text: c.Text, URL: c.Link.URL, LinkTitle: c.Link.Title, LinkKind: string(c.Link.Kind),
	}
	return tx.leaveEntry(ctx, entry{object: journal.Task, id: t.ID, action: journal.Commented, at: now, version: t.Version, after: told})
}

// RestoreComment stores a comment that was deleted under its id, and its entry. It
// stores nothing if the task is gone.
func (tx *userTx) RestoreComment(ctx context.Context, c task.Comment, now time.Time) (restored bool, err error) {
	done, err := tx.Exec(ctx, insertComment+` ON CONFLICT DO NOTHING`, tx.commentArgs(c, &c.ID)...)
	if err != nil || done.RowsAffected() == 0 {
		return false, err
	}
	tx.updateSaid(c.TaskID)
	return true, tx.leaveEntry(ctx, entry{object: journal.Comment, id: c.ID, action: journal.Restored, at: now, after: commentFields(c)})
}

// A comment gets an id of its own unless it had one.
const (
	insertComment = `
		INSERT INTO comments (id, user_id, task_id, author_kind, author, token_id, content, url, link_title, link_kind, created_at, updated_at) OVERRIDING SYSTEM VALUE
		SELECT coalesce($12::bigint, nextval('comments_id_seq')), $1::bigint, t.id, $3::text, $4::text, $5::bigint, $6::text, $7::text, $8::text, $9::text, $10::timestamptz, $11::timestamptz
		FROM tasks t WHERE t.user_id = $1 AND t.id = $2`
	returningID = ` RETURNING id`
)

func (tx *userTx) commentArgs(c task.Comment, id *int64) []any {
	return []any{tx.userID, c.TaskID, c.AuthorKind, c.Author, orNull(c.TokenID), c.Text, orNull(c.Link.URL), orNull(c.Link.Title), orNull(c.Link.Kind), c.CreatedAt, c.UpdatedAt, id}
}

// SaveComment stores a changed comment and its entry.
func (tx *userTx) SaveComment(ctx context.Context, before, after task.Comment) error {
	_, err := tx.Exec(ctx, `UPDATE comments SET content = $3, url = $4, link_title = $5, link_kind = $6, updated_at = $7 WHERE user_id = $1 AND id = $2`,
		tx.userID, after.ID, after.Text, orNull(after.Link.URL), orNull(after.Link.Title), orNull(after.Link.Kind), after.UpdatedAt)
	if err != nil {
		return err
	}
	tx.updateSaid(after.TaskID)
	former, fields := commentFields(before), commentFields(after)
	for _, name := range []string{"text", "url", "link_title", "link_kind"} {
		if former[name] == fields[name] {
			delete(former, name)
			delete(fields, name)
		} else if _, there := fields[name]; !there {
			fields[name] = nil
		} else if _, there := former[name]; !there {
			former[name] = nil
		}
	}
	return tx.leaveEntry(ctx, entry{object: journal.Comment, id: after.ID, action: journal.Updated, at: after.UpdatedAt, before: former, after: fields})
}

// RemoveComment deletes a comment, and leaves its entry.
func (tx *userTx) RemoveComment(ctx context.Context, c task.Comment, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM comments WHERE user_id = $1 AND id = $2`, tx.userID, c.ID); err != nil {
		return err
	}
	tx.updateSaid(c.TaskID)
	kept := formerComment{c.AuthorKind, c.Author, c.TokenID, c.CreatedAt, c.UpdatedAt}
	return tx.leaveEntry(ctx, entry{object: journal.Comment, id: c.ID, action: journal.Deleted, at: now, before: commentFields(c), restores: kept})
}

// Search finds the words of a task's latest comments: up to saidComments of them, and
// no more than saidLength characters, since the words of a task have to fit into one
// tsvector.
const (
	saidComments = 100
	saidLength   = 20_000
)

// updateSaid makes search find a task by what its comments say now.
func (tx *userTx) updateSaid(taskID int64) {
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE tasks t SET said = now.said
		FROM (
			SELECT array_agg(words ORDER BY id DESC) AS said
			FROM (
				SELECT id, words, sum(char_length(words)) OVER (ORDER BY id DESC) AS length
				FROM (
					SELECT id, concat_ws(' ', nullif(content, ''), link_title, url) AS words FROM comments
					WHERE user_id = $1 AND task_id = $2 ORDER BY id DESC LIMIT $3
				) latest
			) measured WHERE length <= $4
		) now
		WHERE t.user_id = $1 AND t.id = $2 AND t.said IS DISTINCT FROM now.said`, tx.userID, taskID, saidComments, saidLength)
	tx.later(batch)
}

// DeletedComment is a comment as the entry of its deletion has it.
func (tx *undoTx) DeletedComment(ctx context.Context, e journal.Entry) (c task.Comment, err error) {
	var kept formerComment
	if err := json.Unmarshal(e.Restores, &kept); err != nil {
		return c, err
	}
	c = task.Comment{ID: e.ObjectID, AuthorKind: kept.AuthorKind, Author: kept.Author, TokenID: kept.TokenID, CreatedAt: kept.CreatedAt, UpdatedAt: kept.UpdatedAt}
	if err := c.PutBack(e.Before); err != nil {
		return c, err
	}
	c.May = mayChange(c, journal.From(ctx, tx.repository.source).By)
	return c, nil
}

// commentFields are the fields of a comment as they are recorded. What it does not
// have is missing.
func commentFields(c task.Comment) map[string]any {
	fields := map[string]any{"task_id": c.TaskID}
	for name, value := range map[string]string{"text": c.Text, "url": c.Link.URL, "link_title": c.Link.Title, "link_kind": string(c.Link.Kind)} {
		if value != "" {
			fields[name] = value
		}
	}
	return fields
}

// formerComment is what undo needs of a deleted comment beside its fields.
type formerComment struct {
	AuthorKind string    `json:"author_kind"`
	Author     string    `json:"author"`
	TokenID    int64     `json:"token_id"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

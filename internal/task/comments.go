package task

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// Limits of a comment.
const (
	MaxComment   = 10_000 // characters
	MaxURL       = 2000
	MaxLinkTitle = 200
	MaxComments  = 1000 // of one task

	// LatestComments is how many of a task's comments an answer about it has.
	LatestComments = 3
	// MaxCommentPage is how many one call reads.
	MaxCommentPage = 20
)

// LinkKind says what a link in a comment leads to.
type LinkKind string

// The kinds. Document is the default.
const (
	Document    LinkKind = "document"
	Commit      LinkKind = "commit"
	PullRequest LinkKind = "pull_request"
	Result      LinkKind = "result" // what came of the task
)

// Comment is a dated entry on a task: text, a link, or both.
type Comment struct {
	ID, TaskID int64
	Author     string // the name of the token or connection; of an imported one, that in the file
	AuthorKind string // person, agent, or system for one that an import brought
	TokenID    int64  // of the author, or of who imported it; 0 if it was no token
	Text       string
	Link       Link
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// May tells whether who asks may change or delete it: its author and the person.
	May bool
}

// Link is what a comment leads to; URL is "" if it has none.
type Link struct {
	URL, Title string
	Kind       LinkKind
}

// CommentInput adds a comment, or changes or deletes one.
type CommentInput struct {
	Text   string   `json:"text,omitempty" alone:"true" maxLength:"10000" example:"The offer is here."`
	URL    string   `json:"url,omitempty" maxLength:"2000" example:"https://example.com/offer.pdf"`
	Title  string   `json:"title,omitempty" unlisted:"true" doc:"Of the link." maxLength:"200"`
	Kind   LinkKind `json:"kind,omitempty" unlisted:"true" doc:"Of the link; default document." enum:"document,commit,pull_request,result"`
	ID     int64    `json:"id,omitempty" unlisted:"true" doc:"Of the comment to change or delete." minimum:"1"`
	Delete bool     `json:"delete,omitempty" unlisted:"true"`
}

// Comments are those of tasks, within a transaction.
type Comments interface {
	// AddComment stores a comment with its event, and sets its id and author.
	AddComment(ctx context.Context, t *Task, c *Comment) error
	// ImportComments stores comments from elsewhere with their events.
	ImportComments(ctx context.Context, t *Task, comments []Comment, now time.Time) error
	// Comment reads a comment on a task, or on any if taskID is 0, and locks its row. It
	// returns fault.ErrNotFound if there is none.
	Comment(ctx context.Context, taskID, id int64) (*Comment, error)
	CountComments(ctx context.Context, taskIDs ...int64) (int, error)
	SaveComment(ctx context.Context, before, after Comment) error
	RemoveComment(ctx context.Context, c Comment, now time.Time) error
}

// comment carries out the input on the comments of a task.
func (t *Task) comment(ctx context.Context, tx Comments, in input.Optional[CommentInput], now time.Time) (changed bool, err error) {
	if !in.Set || in.Null {
		return false, nil
	}
	given := in.Value
	if given.ID < 0 {
		return false, fault.Invalid("comment", "has an id below 1, for example {\"id\": 7, \"text\": \"The offer is here.\"}")
	}
	if given.ID == 0 {
		c := Comment{TaskID: t.ID, Text: given.Text, CreatedAt: now, UpdatedAt: now}
		if given.Delete {
			return false, fault.Invalid("comment", "needs an id to delete; get_task has the ids, for example {\"id\": 7, \"delete\": true}")
		}
		if err := c.Set(given); err != nil {
			return false, err
		}
		n, err := tx.CountComments(ctx, t.ID)
		if err != nil {
			return false, err
		}
		if n >= MaxComments {
			return false, &fault.Error{Code: fault.LimitExceeded, Field: "comment", Message: "task " + itoa(t.ID) + " has " + itoa(MaxComments) + " comments, the most allowed", Hint: "delete some first"}
		}
		if err := tx.AddComment(ctx, t, &c); err != nil {
			return false, err
		}
		t.note("its comment has the id %d", c.ID)
		return true, nil
	}
	absent := &fault.Error{Code: fault.NotFound, Field: "comment", Message: "comment: there is no comment " + itoa(given.ID) + " on task " + itoa(t.ID), Hint: "get_task has the ids"}
	before, err := tx.Comment(ctx, t.ID, given.ID)
	if errors.Is(err, fault.ErrNotFound) {
		return false, absent
	}
	if err != nil {
		return false, err
	}
	if !before.May {
		forbidden := &fault.Error{Code: fault.Forbidden, Field: "comment", Message: "comment " + itoa(given.ID) + " was written by another; only who wrote it and the person change or delete it", Hint: "add one of your own"}
		return false, forbidden.OrPlainly(absent)
	}
	if given.Delete {
		if given.Text != "" || given.URL != "" || given.Title != "" || given.Kind != "" {
			return false, fault.Invalid("comment", "is to be deleted and has a text or link too; do one of them, for example {\"id\": %d, \"delete\": true}", given.ID)
		}
		return true, tx.RemoveComment(ctx, *before, now)
	}
	after := *before
	after.UpdatedAt = now
	if err := after.Set(given); err != nil {
		return false, err
	}
	if after.Text == before.Text && after.Link == before.Link {
		return false, nil
	}
	return true, tx.SaveComment(ctx, *before, after)
}

// Set checks what is said, and takes it over.
func (c *Comment) Set(in CommentInput) error {
	for _, part := range []struct {
		name, text string
		most       int
	}{{"text", in.Text, MaxComment}, {"url", in.URL, MaxURL}, {"title", in.Title, MaxLinkTitle}} {
		if err := input.CheckText(part.name, part.text, part.most); err != nil {
			if e := (*fault.Error)(nil); errors.As(err, &e) {
				return fault.Invalid("comment", "is wrong: %s", e.Message)
			}
			return err
		}
	}
	if in.URL != "" {
		if r, found := input.Unseen(strings.TrimSpace(in.URL)); found {
			return fault.Invalid("comment", "has %U in its url, a control, format or invisible character; for example \"https://example.com/offer.pdf\"", r)
		}
	}
	c.Text, c.Link = strings.TrimSpace(in.Text), Link{URL: strings.TrimSpace(in.URL), Title: strings.TrimSpace(in.Title), Kind: in.Kind}
	if input.Blank(c.Text) && c.Link.URL == "" {
		return fault.Invalid("comment", "says nothing; give a text or a url, for example the text \"The offer is here.\"")
	}
	if c.Link.URL == "" {
		if c.Link.Title != "" || c.Link.Kind != "" {
			return fault.Invalid("comment", "has a title or kind without a url, for example {\"url\": \"https://example.com/offer.pdf\", \"title\": \"Offer\"}")
		}
		return nil
	}
	if c.Link.Kind == "" {
		c.Link.Kind = Document
	}
	if err := input.CheckEnum("comment", c.Link.Kind, Commit, PullRequest, Result, Document); err != nil {
		return err
	}
	if u, err := url.Parse(c.Link.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fault.Invalid("comment", "has a url that is no address of the web, for example \"https://example.com/offer.pdf\"")
	}
	return nil
}

// PutBack gives a comment back the fields of an entry of the journal; null clears one.
func (c *Comment) PutBack(recorded []byte) error {
	var former struct {
		TaskID int64                    `json:"task_id"`
		Text   input.Optional[string]   `json:"text"`
		URL    input.Optional[string]   `json:"url"`
		Title  input.Optional[string]   `json:"link_title"`
		Kind   input.Optional[LinkKind] `json:"link_kind"`
	}
	if err := json.Unmarshal(recorded, &former); err != nil {
		return err
	}
	c.TaskID = former.TaskID
	for field, value := range map[*string]input.Optional[string]{&c.Text: former.Text, &c.Link.URL: former.URL, &c.Link.Title: former.Title} {
		if value.Set {
			*field = value.Value
		}
	}
	if former.Kind.Set {
		c.Link.Kind = former.Kind.Value
	}
	return nil
}

// Comments reads comments on a task, newest first, and how many there are. before is the
// id of the oldest that was read already; 0 reads the latest few.
func (s *Service) Comments(ctx context.Context, user person.Settings, taskID, before int64) (comments []Comment, total int, err error) {
	limit := LatestComments
	if before != 0 {
		limit = MaxCommentPage
	}
	return s.store.Comments(ctx, user.UserID, taskID, before, limit)
}

// TreeCommented tells whether anything was said about a task or one of its parts.
func TreeCommented(ctx context.Context, tx Comments, t *Task, parts []Part) (bool, error) {
	n, err := tx.CountComments(ctx, treeIDs(t, parts)...)
	return n > 0, err
}

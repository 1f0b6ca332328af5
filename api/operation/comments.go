package operation

import (
	"tickler/internal/person"
	"tickler/internal/task"
)

// CommentPage is how many comments get_task returns of those before one.
const CommentPage = task.MaxCommentPage

// CommentView is a comment on a task as callers see it. Empty fields are left out.
type CommentView struct {
	ID       int64         `json:"id"`
	At       string        `json:"at"`
	By       string        `json:"by" doc:"Name of the token or connection."`
	Actor    string        `json:"actor" enum:"person,agent,system"`
	Text     string        `json:"text,omitempty"`
	URL      string        `json:"url,omitempty"`
	Title    string        `json:"title,omitempty" doc:"Of the link."`
	Kind     task.LinkKind `json:"kind,omitempty" enum:"document,commit,pull_request,result"`
	EditedAt string        `json:"edited_at,omitempty"`
}

func viewComments(comments []task.Comment, user person.Settings) (views []CommentView) {
	for _, c := range comments {
		v := CommentView{
			ID: c.ID, At: task.FormatTime(&c.CreatedAt, user.Zone()), By: c.Author, Actor: c.AuthorKind,
			Text: c.Text, URL: c.Link.URL, Title: c.Link.Title, Kind: c.Link.Kind,
		}
		if c.UpdatedAt.After(c.CreatedAt) {
			v.EditedAt = task.FormatTime(&c.UpdatedAt, user.Zone())
		}
		views = append(views, v)
	}
	return views
}

package transfer

import (
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/task"
)

const (
	// maxComments is how many comments one file may hold.
	maxComments = 40_000
	// maxAuthor bounds the name of a comment's author.
	maxAuthor = 200
)

// ExportedComment is what was said about a task. Instants are in UTC.
type ExportedComment struct {
	TaskID    int64         `json:"task_id"`
	By        string        `json:"by" doc:"Name of the token or connection."`
	Actor     string        `json:"actor" enum:"person,agent,system" doc:"system: an import brought it."`
	Text      string        `json:"text,omitempty"`
	URL       string        `json:"url,omitempty"`
	Title     string        `json:"title,omitempty" doc:"Of the link."`
	Kind      task.LinkKind `json:"kind,omitempty" enum:"document,commit,pull_request,result"`
	CreatedAt string        `json:"created_at"`
	UpdatedAt string        `json:"updated_at"`
}

// writeComments ends the list of tasks and writes that of comments, but for its end.
func (e Exported) writeComments(to io.Writer, put func(part any, before, after string) error) error {
	if _, err := io.WriteString(to, "\n],\n\"comments\":["); err != nil {
		return err
	}
	separator := "\n"
	for c, err := range e.comments {
		if err == nil {
			err = put(ExportedComment{
				TaskID: c.TaskID, By: c.Author, Actor: c.AuthorKind, Text: c.Text, URL: c.Link.URL, Title: c.Link.Title, Kind: c.Link.Kind,
				CreatedAt: instant(c.CreatedAt), UpdatedAt: instant(c.UpdatedAt),
			}, separator, "")
		}
		if err != nil {
			return err
		}
		separator = ",\n"
	}
	return nil
}

// comment reads a comment of a document. Its task may come after it.
func (d *document) comment() error {
	if err := d.commented(1); err != nil {
		return err
	}
	var c ExportedComment
	if err := d.value(&c); err != nil {
		return err
	}
	one := task.Comment{TaskID: c.TaskID, Author: c.By, AuthorKind: c.Actor, Text: c.Text, Link: task.Link{URL: c.URL, Title: c.Title, Kind: c.Kind}}
	if at := momentOf(c.CreatedAt); at != nil {
		one.CreatedAt = *at
	}
	if at := momentOf(c.UpdatedAt); at != nil {
		one.UpdatedAt = *at
	}
	d.said = append(d.said, one)
	return nil
}

// attachComments gives the tasks of a document their comments.
func (d *document) attachComments() {
	places := map[int64]int{}
	for n, one := range d.items {
		places[one.id] = n
	}
	lost := 0
	for _, c := range d.said {
		if n, found := places[c.TaskID]; found {
			d.items[n].comment(c)
		} else {
			lost++
		}
	}
	if lost > 0 {
		d.note("%d comments were left out: their tasks are not in it", lost)
	}
}

// commented counts comments of the file, and refuses one that has too many.
func (c *content) commented(more int) error {
	if c.comments += more; c.comments > maxComments {
		return tooMany("comments", maxComments)
	}
	return nil
}

// comment adds what was said about the task.
func (i *item) comment(one task.Comment) {
	if len(i.in.Comments) == task.MaxComments {
		i.note("it had more than %d comments; those after them were left out", task.MaxComments)
		return
	}
	i.in.Comments = append(i.in.Comments, one)
}

// said adds a comment of another program: by whom, "" if that is not known, and when.
func (i *item) said(author, program, text string, at *time.Time) {
	if strings.TrimSpace(text) == "" {
		return
	}
	one := task.Comment{Author: strings.Clone(author), AuthorKind: string(journal.System), Text: strings.Clone(text)}
	if one.Author == "" {
		one.Author = program
	}
	if at != nil {
		one.CreatedAt = *at
	}
	i.comment(one)
}

// authorOf is the name of an author as it can be shown: "you" is what the page calls
// the person who reads it.
func authorOf(name, kind string) string {
	if name == "" || kind != string(journal.Person) && strings.EqualFold(name, "you") {
		return "unknown"
	}
	return name
}

// finishComments makes comments such as can be stored.
func (i *item) finishComments() {
	kept := i.in.Comments[:0]
	for _, one := range i.in.Comments {
		one.Author = authorOf(cutTo(input.Visible(i.storable(one.Author)), maxAuthor), one.AuthorKind)
		in := task.CommentInput{Text: i.storable(one.Text), URL: i.storable(one.Link.URL), Title: cutTo(i.storable(one.Link.Title), task.MaxLinkTitle), Kind: one.Link.Kind}
		if utf8.RuneCountInString(in.Text) > task.MaxComment {
			in.Text = cutTo(in.Text, task.MaxComment)
			i.note("a comment was too long, and was cut")
		}
		if one.Set(in) != nil {
			in = task.CommentInput{Text: cutTo(strings.TrimSpace(in.Text+"\n\n"+in.Title+" "+in.URL), task.MaxComment)}
			if one.Set(in) != nil {
				i.note("a comment that says nothing was left out")
				continue
			}
			i.note("the link of a comment could not be taken over; it stands in its text")
		}
		kept = append(kept, one)
	}
	i.in.Comments = kept
}

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// page uses what a person uses in a browser without scripts: a link that signs in, a
// cookie, pages and their forms.
type page struct{ *client }

func (page) name() string { return "page" }

// does tells which operations have a form that takes just these arguments.
func (page) does(operation string, arguments fields) bool {
	switch operation {
	case "add_task":
		return len(arguments) == 2 // title, idempotency_key
	case "update_task":
		return arguments["title"] != nil
	case "complete_task", "reopen_task", "delete_task", "undo":
		return true
	}
	return false
}

// signIn opens a link that signs in and presses its button.
func (p page) signIn(ctx context.Context, link string) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	if _, err := p.get(ctx, u.Path); err != nil {
		return err
	}
	_, err = p.post(ctx, u.Path, nil)
	return err
}

var (
	linkToTask = regexp.MustCompile(`href="/task/(\d+)"`)
	meanwhile  = "changed this task meanwhile"
)

func (p page) call(ctx context.Context, operation string, arguments fields) (a answer, err error) {
	at := fmt.Sprint("/task/", arguments["task_id"])
	switch operation {
	case "add_task":
		if _, err = p.post(ctx, "/add", url.Values{"text": {arguments["title"].(string)}, "key": {arguments["idempotency_key"].(string)}, "back": {"/"}}); err != nil {
			return a, err
		}
		_, mark, _ := strings.Cut(arguments["title"].(string), " ")
		found, err := p.get(ctx, "/search?q="+url.QueryEscape(mark))
		if err != nil {
			return a, err
		}
		match := linkToTask.FindSubmatch(found.body)
		if match == nil {
			return a, &refusal{Code: "lost", Message: "the page does not find what it said it added"}
		}
		a.Task.ID, err = strconv.ParseInt(string(match[1]), 10, 64)
		return a, err
	case "update_task":
		form := url.Values{"title": {arguments["title"].(string)}, "was_title": {""}}
		if version, given := arguments["if_version"]; given {
			form.Set("if_version", fmt.Sprint(version))
		}
		_, err = p.post(ctx, at+"/edit", form)
	case "complete_task":
		_, err = p.post(ctx, at+"/complete", url.Values{"back": {at}})
	case "reopen_task":
		_, err = p.post(ctx, at+"/reopen", url.Values{"back": {at}})
	case "delete_task":
		_, err = p.post(ctx, at+"/delete", url.Values{"back": {at}})
	case "undo":
		_, err = p.post(ctx, "/undo", url.Values{"call": {arguments["call_id"].(string)}, "back": {"/activity"}})
	default:
		err = fmt.Errorf("the page has no form for %s", operation)
	}
	return a, err
}

func (p page) get(ctx context.Context, path string) (reply, error) {
	return p.judge(p.send(ctx, http.MethodGet, path, "", nil))
}

func (p page) post(ctx context.Context, path string, form url.Values) (reply, error) {
	return p.judge(p.send(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(form.Encode())))
}

// judge reads an answer as a person does.
func (p page) judge(r reply, err error) (reply, error) {
	switch {
	case err != nil:
		return r, err
	case r.status == http.StatusSeeOther && strings.HasPrefix(r.header.Get("Location"), "/sign-in"):
		return r, &refusal{Code: "UNAUTHORIZED", Message: "the session has ended"}
	case r.status == http.StatusSeeOther || r.status == http.StatusOK:
		return r, nil
	case strings.Contains(string(r.body), meanwhile):
		return r, &refusal{Code: "CONFLICT", Message: meanwhile}
	case r.status == http.StatusNotFound:
		return r, &refusal{Code: "NOT_FOUND", Message: "there is no such page"}
	}
	return r, &refusal{Code: fmt.Sprint(r.status), Message: text(r.body)}
}

var tags = regexp.MustCompile(`(?s)<(?:head|style|script).*?</(?:head|style|script)>|<[^>]*>|\s+`)

// text of a page, as much as tells what went wrong.
func text(body []byte) string {
	plain := strings.Join(strings.Fields(tags.ReplaceAllString(string(body), " ")), " ")
	return plain[:min(len(plain), 400)]
}

package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const created = `{"id":"1-a","type":"task.created","field_of_later":1,
	"data":{"schema_version":"1.4","task_id":7,"task_version":1,"user_id":3,"timestamp":"2026-03-02T08:00:00Z","title":"Water the plants","later":{}}}`

func deliver(t *testing.T, handler http.Handler, token, body string) (status int, answer string) {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/events/task-events", strings.NewReader(body))
	request.Header.Set("dapr-api-token", token)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func open(t *testing.T, path string) http.Handler {
	t.Helper()
	book, err := openBook(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return newHandler("secret", book, slog.New(slog.DiscardHandler))
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func TestEventHasItsEffectOnceAlsoAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for range 2 {
		handler := open(t, path)
		for range 2 {
			if status, answer := deliver(t, handler, "secret", created); status != 200 || answer != `{"status":"SUCCESS"}` {
				t.Fatal(status, answer)
			}
		}
	}
	want := `{"id":"1-a","at":"2026-03-02T08:00:00Z","user_id":3,"task_id":7,"task_version":1,"what":"created: Water the plants"}`
	if got := lines(t, path); len(got) != 1 || got[0] != want {
		t.Fatal(got)
	}
}

func TestLineThatACrashCutOffIsWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	deliver(t, open(t, path), "secret", created)
	whole := lines(t, path)[0]
	if err := os.WriteFile(path, []byte(whole+"\n"+whole[:20]), 0o600); err != nil {
		t.Fatal(err)
	}
	handler := open(t, path)
	deliver(t, handler, "secret", created)
	deliver(t, handler, "secret", strings.Replace(created, "1-a", "1-b", 1))
	if got := lines(t, path); len(got) != 2 || got[0] != whole || !strings.Contains(got[1], `"1-b"`) {
		t.Fatal(got)
	}
}

func TestSidecarIsToldWhatToDoWithAnEvent(t *testing.T) {
	handler := open(t, filepath.Join(t.TempDir(), "events.jsonl"))
	for body, want := range map[string]string{
		created: "SUCCESS",
		strings.Replace(strings.Replace(created, "1-a", "1-c", 1), "task.created", "task.renamed", 1): "SUCCESS", // a type of later
		strings.Replace(strings.Replace(created, "1-a", "1-d", 1), `"1.4"`, `"2.0"`, 1):               "DROP",
		"no JSON": "DROP", `"a text"`: "DROP", `{}`: "DROP",
	} {
		if status, answer := deliver(t, handler, "secret", body); status != 200 || answer != `{"status":"`+want+`"}` {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
	if status, _ := deliver(t, handler, "guessed", created); status != http.StatusUnauthorized {
		t.Error("who does not know the token is answered", status)
	}
}

func TestEventThatCannotBeNotedComesAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	book, err := openBook(path)
	if err != nil {
		t.Fatal(err)
	}
	handler := newHandler("secret", book, slog.New(slog.DiscardHandler))
	book.Close() // as if the disk were gone
	if _, answer := deliver(t, handler, "secret", created); answer != `{"status":"RETRY"}` {
		t.Fatal(answer)
	}
}

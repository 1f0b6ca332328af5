package streamed_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/streamed"
)

func TestAnswerThatFailsIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	for what, size := range map[string]int{"little": 10, "much": 1 << 20} {
		var failed error
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := streamed.Answer(r.Context(), w, func(to *bufio.Writer) error {
				if _, err := to.WriteString(strings.Repeat("x", size)); err != nil {
					return err
				}
				return failed
			})
			if !errors.Is(err, failed) {
				t.Errorf("%s: %v", what, err)
			}
		}))
		defer server.Close()
		read := func() (string, error) {
			response, err := http.Get(server.URL)
			if err != nil {
				return "", err
			}
			defer func() { _ = response.Body.Close() }()
			text, err := io.ReadAll(response.Body)
			return string(text), err
		}
		text, err := read()
		require.NoError(t, err, what)
		require.Len(t, text, size, what)
		failed = errors.New("the database is gone")
		_, err = read()
		require.Error(t, err, what)
	}
}

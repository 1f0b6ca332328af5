package web

import (
	"io/fs"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/label"
	"tickler/internal/task"
)

var (
	bounded = regexp.MustCompile(`<(?:input|textarea)\b[^<>]*?\bname="([a-z_]+)"[^<>]*?\bmaxlength="(\d+)"|"input" input \. "([a-z_]+)"[^}]*"maxlength" "(\d+)"`)
	// Texts that have no limit of their own, but one of the whole form.
	ofTheForm = []string{"edit.html repeats", "parts.html text", "settings.html add_channel", "signin.html address", "connections.html name"}
)

// A browser cuts off what is longer than a field takes, and says nothing: no field may take
// less than the server.
func TestFieldsOfFormsTakeAsMuchAsTheServer(t *testing.T) {
	t.Parallel()
	most := map[string]int{
		"edit.html title": task.MaxTitle, "edit.html description": task.MaxDescription,
		"list.html q": task.MaxQuery, "list.html tag": label.MaxTagName, "list.html name": label.MaxCategoryName, "parts.html tag": label.MaxTagName,
		"task.html title": task.MaxTitle, "task.html waiting": task.MaxWaitingFor, "task.html text": task.MaxComment, "task.html url": task.MaxURL,
	}
	require.Equal(t, task.MaxTitle, task.MaxLinkTitle, "both are called title in task.html")
	for _, name := range ofTheForm {
		most[name] = 0
	}
	seen := 0
	files, err := fs.Glob(templates, "templates/*.html")
	require.NoError(t, err)
	for _, file := range files {
		text, err := fs.ReadFile(templates, file)
		require.NoError(t, err)
		for _, match := range bounded.FindAllStringSubmatch(string(text), -1) {
			name := file[len("templates/"):] + " " + match[1] + match[3]
			want, known := most[name]
			require.True(t, known, "say what bounds %s", name)
			seen++
			if want != 0 {
				require.Equal(t, strconv.Itoa(want), match[2]+match[4], name)
			}
		}
	}
	require.Greater(t, seen, 15)
}

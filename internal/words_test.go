package internal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/api/guard"
	"tickler/internal/access"
	"tickler/internal/event"
	"tickler/internal/task"
)

// Some facts of the code are also said in words, to people and agents. When one changes,
// these are the places that say so.
func TestWhatIsSaidInWordsIsWhatHolds(t *testing.T) {
	days := func(d time.Duration) string { return fmt.Sprintf("%d days", d/(24*time.Hour)) }
	for _, fact := range []struct {
		words  string
		places []string
	}{
		{fmt.Sprintf("within %.0f minutes", access.LinkLasts.Minutes()), []string{
			"api/web/templates/signin.html", "README.md", "SECURITY.md", "docs/access.md", "docs/hardening.md", "docs/server.md",
		}},
		{fmt.Sprintf("older than %.0f minutes", access.LinkLasts.Minutes()), []string{"api/web/templates/link.html"}},
		{days(access.SessionLasts) + " after", []string{"SECURITY.md", "docs/access.md", "docs/hardening.md"}},
		{days(access.RefreshLasts), []string{"SECURITY.md", "docs/connect.md"}},
		{days(event.KeptJournal), []string{
			"api/operation/history.go", "api/rest/audit.go", "api/rest/events.go", "api/web/templates/activity.html", "internal/history/undo.go",
			"internal/transfer/document.go", "SECURITY.md", "docs/access.md", "docs/events.md", "docs/monitoring.md", "docs/rest.md", "docs/tools.md",
		}},
		{"for " + days(event.KeptDeletedTasks), []string{"api/operation/tasks.go", "docs/page.md", "docs/tools.md"}},
		{"for " + days(event.KeptDeadLetters), []string{"SECURITY.md", "docs/events.md", "docs/monitoring.md"}},
		{"for " + days(event.KeptDeliveries), []string{"docs/reminders.md"}},
		{fmt.Sprintf("%d MiB", guard.MaxBody>>20), []string{"api/guard/scope.go", "SECURITY.md", "docs/hardening.md", "docs/rest.md"}},
		{fmt.Sprintf("1–%d characters", task.MaxTitle), []string{"docs/tools.md"}},
	} {
		for _, place := range fact.places {
			text, err := os.ReadFile(filepath.Join("..", place))
			require.NoError(t, err)
			require.Contains(t, string(text), fact.words, place)
		}
	}
}

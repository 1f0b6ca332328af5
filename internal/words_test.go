package internal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	days := func(d time.Duration) string {
		if n := d / (24 * time.Hour); n != 1 {
			return fmt.Sprintf("%d days", n)
		}
		return "1 day"
	}
	type fact struct {
		words  string
		places []string
	}
	facts := []fact{
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
		{days(event.KeptDeletedTasks), []string{"docs/hardening.md", "internal/repository/room.go"}},
		{"for " + days(event.KeptDeadLetters), []string{"SECURITY.md", "docs/events.md", "docs/monitoring.md"}},
		{"for " + days(event.KeptDeliveries), []string{"docs/reminders.md"}},
		{fmt.Sprintf("%d MiB", guard.MaxBody>>20), []string{"api/guard/scope.go", "SECURITY.md", "docs/hardening.md", "docs/rest.md"}},
		{fmt.Sprintf("1–%d characters", task.MaxTitle), []string{"docs/tools.md"}},
	}
	for _, topic := range event.Topics() {
		if !strings.HasSuffix(topic.Name, "-deadletter") { // of which one row tells
			row := fmt.Sprintf("| %s | %d | %s |", topic.Name, topic.Partitions, days(topic.Retention))
			facts = append(facts, fact{row, []string{"docs/events.md"}})
		}
	}
	for _, fact := range facts {
		for _, place := range fact.places {
			text, err := os.ReadFile(filepath.Join("..", place))
			require.NoError(t, err)
			require.Contains(t, string(text), fact.words, place)
		}
	}
}

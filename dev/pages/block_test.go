package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

func page(lines ...string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

func TestOutputBelongsToTheBlockBeforeIt(t *testing.T) {
	blocks, err := Parse(page("# Page", "", "```sh", "echo a", "```", "", "It prints:", "", "```text", "a", "```", "", "```yaml", "a: b", "```"))
	require.NoError(t, err)
	require.Len(t, blocks, 3)
	require.Equal(t, "a\n", blocks[0].Output)
	require.Equal(t, 4, blocks[0].Line)
	require.False(t, blocks[2].Runs())
}

func TestOutputThatNothingPrintsIsRefused(t *testing.T) {
	for _, between := range [][]string{{"One.", "", "Two."}, {"## Another section"}, {"```yaml", "a: b", "```"}} {
		_, err := Parse(page(append(append([]string{"```sh", "echo a", "```", ""}, between...), "", "```text", "a", "```")...))
		require.ErrorContains(t, err, "what prints this?", between)
	}
	_, err := Parse(page("<!-- example -->", "```text", "a", "```"))
	require.NoError(t, err)
}

func TestBlockThatNobodyWouldRunIsRefused(t *testing.T) {
	_, err := Parse(page("Text:", "", "    make run"))
	require.ErrorContains(t, err, "3: a block without a fence")
	_, err = Parse(page("```", "make run", "```"))
	require.ErrorContains(t, err, "without a language")
	_, err = Parse(page("<!-- not run: I would rather not -->", "```sh", "make run", "```"))
	require.ErrorContains(t, err, "is no reason")
}

func TestCommentSaysHowABlockIsRun(t *testing.T) {
	blocks, err := Parse(page(
		"<!-- not run: Docker -->", "```sh", "docker compose up", "```", "",
		"```sh", "make run   # until ^C", "```", "",
		"<!-- elsewhere, until: ready: yes -->", "```sh", "serve", "```", "",
		"- in a list:", "", "  <!-- fails -->", "  ```sh", "  false", "  ```"))
	require.NoError(t, err)
	require.Len(t, blocks, 4)
	require.Equal(t, "Docker", blocks[0].NotRun)
	require.True(t, blocks[1].Stack)
	require.Equal(t, "ready: yes", blocks[2].Until)
	require.False(t, blocks[2].Stack)
	require.True(t, blocks[3].Fails)
	require.Equal(t, "false\n", blocks[3].Text)
}

// The whole of it takes minutes; that every block of every page says what it is does not.
func TestEveryPageSaysWhatItsBlocksAre(t *testing.T) {
	root, err := stack.FindRoot()
	require.NoError(t, err)
	defined := map[string]string{} // functions that a page defines
	for _, file := range allPages(t) {
		blocks, err := Read(file)
		require.NoError(t, err)
		for _, b := range blocks {
			for line := range strings.Lines(b.Text) {
				if name, _, function := strings.Cut(line, "() {"); function && b.Language == "sh" {
					defined[strings.TrimSpace(name)] = file
				}
			}
		}
	}
	// Whoever pastes from two pages would run one page's function, with its token, for the
	// other page's command.
	for name, file := range defined {
		_, err := os.Stat(filepath.Join(root, name))
		require.Error(t, err, "%s defines %s, which is a program here too", file, name)
	}
}

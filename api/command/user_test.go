package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

func TestLinkIsMadeForAPersonAndPrintedAlone(t *testing.T) {
	pool := pgtest.Open(t)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	store := repository.New(pgtest.As(t, pool, string(repository.RoleAPI)), "api", func() {})
	command := func(args ...string) (string, error) {
		var out, said strings.Builder
		err := userCommand(args, strings.NewReader(""), &out, &said)
		return out.String(), err
	}
	_, err := command("link", "--user", "ann")
	require.ErrorContains(t, err, "--create makes them", "a name that is mistyped makes nobody")
	for public, root := range map[string]string{
		"":                            "http://localhost:8080",
		"http://127.0.0.1:8181":       "http://localhost:8181",
		"http://[::1]:8181":           "http://localhost:8181",
		"https://tickler.example.com": "https://tickler.example.com",
	} {
		t.Setenv("TICKLER_PUBLIC_URL", public)
		link, err := command("link", "--user", "Ann", "--create", "--time-zone", "Europe/Berlin")
		require.NoError(t, err)
		secret, found := strings.CutPrefix(link, root+"/sign-in/link/")
		require.True(t, found && strings.HasSuffix(secret, "\n"), "%q: %q", public, link)
		name, err := store.FindSignInLink(t.Context(), person.HashSecret(strings.TrimSpace(secret)))
		require.NoError(t, err)
		require.Equal(t, "ann", name)
	}
	t.Setenv("APP_PORT", "8282")
	t.Setenv("TICKLER_PUBLIC_URL", "")
	link, err := command("link", "--user", "ann")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(link, "http://localhost:8282/"), link)

	list, err := command("list")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(list), "\n")
	require.Len(t, lines, 2)
	require.Equal(t, []string{"1", `"ann"`, "local", "Europe/Berlin"}, strings.Fields(lines[1])[:4])
	for _, wrong := range [][]string{{}, {"link"}, {"link", "--user", "ann", "x"}, {"remove"}, {"list", "--x"}} {
		_, err := command(wrong...)
		require.ErrorIs(t, err, errUsage, "%q", wrong)
	}
	_, err = command("link", "--user", "a\u200bnn", "--create")
	require.Error(t, err)
	_, err = command("link", "--user", "ann", "--create", "--time-zone", "Berlin")
	require.ErrorContains(t, err, "Europe/Berlin")
}

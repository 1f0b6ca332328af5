package repository_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/repository"
)

func TestPersonOnTheCommandLineIsOneHoweverTheirNameIsWritten(t *testing.T) {
	b := setup(t)
	zoe, err := b.store.EnsureUser(b.ctx, repository.LocalIssuer, "Zoë Grün", "Europe/Berlin")
	require.NoError(t, err)
	for _, same := range []string{"zoë grün", "ZOE\u0308  GRÜN", "Ｚoë Grün"} {
		found, err := b.store.FindUser(b.ctx, repository.LocalIssuer, same)
		require.NoError(t, err, same)
		require.Equal(t, zoe, found, same)
		found, err = b.store.EnsureUser(b.ctx, repository.LocalIssuer, same, "")
		require.NoError(t, err)
		require.Equal(t, zoe, found, same)
	}
	_, err = b.store.FindUser(b.ctx, repository.LocalIssuer, "Zoe Grün")
	require.ErrorIs(t, err, fault.ErrNotFound)
}

// A provider may have one user Ann and another user ann.
func TestSubjectsOfIssuersAreComparedToTheLetter(t *testing.T) {
	b := setup(t)
	const issuer = "https://id.example.com"
	ids := map[int64]bool{}
	for _, subject := range []string{"ann", "Ann", "ａnn", "ann "} {
		id, err := b.store.ProvisionUser(b.ctx, issuer, subject)
		require.NoError(t, err)
		require.False(t, ids[id], subject)
		ids[id] = true
	}
}

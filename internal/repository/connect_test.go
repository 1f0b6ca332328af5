package repository_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/repository"
)

func TestAnAppOpensAsManySessionsAsItsURLAllows(t *testing.T) {
	for url, want := range map[string]int32{
		"postgres://127.0.0.1/tickler":                      16,
		"postgres://127.0.0.1/tickler?pool_max_conns=3":     3,
		"host=127.0.0.1 dbname=tickler pool_max_conns = 30": 30,
	} {
		pool, err := repository.Connect(context.Background(), url, repository.RoleAPI) // it opens none yet
		require.NoError(t, err, url)
		require.Equal(t, want, pool.Config().MaxConns, url)
		pool.Close()
	}
}

package sealed_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/sealed"
)

func key(id string, fill byte) string {
	return id + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(fill), 32)))
}

func TestSecretOpensWithItsKeyInItsPlaceOnly(t *testing.T) {
	old, err := sealed.Parse(key("a", 'a'))
	require.NoError(t, err)
	box, err := old.Seal("whsec_x", "channel of 7")
	require.NoError(t, err)
	require.NotContains(t, box, "whsec")
	again, err := old.Seal("whsec_x", "channel of 7")
	require.NoError(t, err)
	require.NotEqual(t, box, again)

	rotated, err := sealed.Parse(key("b", 'b') + ", " + key("a", 'a'))
	require.NoError(t, err)
	secret, err := rotated.Open(box, "channel of 7")
	require.NoError(t, err)
	require.Equal(t, "whsec_x", secret)
	fresh, err := rotated.Seal("y", "p")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(fresh, "b:"), "the first key seals")

	_, err = rotated.Open(box, "channel of 8")
	require.Error(t, err)
	other, err := sealed.Parse(key("a", 'c'))
	require.NoError(t, err)
	_, err = other.Open(box, "channel of 7")
	require.Error(t, err)
	_, err = other.Open(fresh, "p")
	require.ErrorContains(t, err, `"b"`)
}

func TestWithoutKeyNothingIsSealed(t *testing.T) {
	none, err := sealed.Parse("")
	require.NoError(t, err)
	_, err = none.Seal("x", "y")
	require.ErrorIs(t, err, sealed.ErrNoKey)
	for _, text := range []string{"abc", "a:short", ":" + strings.Repeat("A", 44), key("a", 'a') + "," + key("a", 'b')} {
		_, err := sealed.Parse(text)
		require.Error(t, err, text)
	}
}

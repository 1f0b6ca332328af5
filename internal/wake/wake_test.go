package wake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/wake"
)

func TestSignalsThatNobodyHasReceivedYetBecomeOne(t *testing.T) {
	s := wake.New()
	s.Send()
	s.Send()
	<-s
	require.Empty(t, s)
	s.Send()
	require.Len(t, s, 1, "one that comes after is received anew")
}

package sidecar

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSidecarThatNeverAnswersIsNotReady(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	_, port, err := net.SplitHostPort(silent.Addr().String())
	require.NoError(t, err)
	client, err := NewClient(Config{GRPCPort: "1", HTTPPort: port})
	require.NoError(t, err)
	defer client.Close()
	require.Error(t, client.Ready(t.Context()))
}

package port_test

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/port"
)

// listen takes a port on all interfaces, as a careless program would.
func listen(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

func TestBusyPortSaysWhoListens(t *testing.T) {
	busy := listen(t)
	var found *port.BusyError
	require.ErrorAs(t, port.Check(busy), &found)
	require.Equal(t, busy, found.Port)
	if runtime.GOOS == "linux" {
		require.ErrorContains(t, found, "port.test (process "+strconv.Itoa(os.Getpid())+")")
	}
}

func TestPickTakesTheWantedPortWhenItIsFree(t *testing.T) {
	picker := port.NewPicker()
	free, err := picker.Pick(0)
	require.NoError(t, err)
	wanted, err := port.NewPicker().Pick(free)
	require.NoError(t, err)
	require.Equal(t, free, wanted)
}

func TestPickAvoidsPortsThatAreBusyTakenOrReserved(t *testing.T) {
	free, err := port.NewPicker().Pick(0)
	require.NoError(t, err)
	busy := listen(t)
	picker := port.NewPicker(free)
	first, err := picker.Pick(free)
	require.NoError(t, err)
	require.NotEqual(t, free, first, "reserved")
	second, err := picker.Pick(first)
	require.NoError(t, err)
	require.NotEqual(t, first, second, "handed out before")
	third, err := picker.Pick(busy)
	require.NoError(t, err)
	require.NotEqual(t, busy, third)
}

func TestPickersOfOneProcessNeverChooseTheSamePort(t *testing.T) {
	seen := map[int]bool{}
	for range 2000 {
		picked, err := port.NewPicker().Pick(0)
		require.NoError(t, err)
		require.False(t, seen[picked], "%d was chosen before, and nothing listens on it yet", picked)
		seen[picked] = true
	}
}

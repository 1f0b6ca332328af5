package chaos

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ticking prints the time ten times a second. Its tickers ask for the time on the
// runtime's own stack.
const ticking = `package main

import (
	"fmt"
	"time"
)

func main() {
	for range 50 {
		go func() {
			for range time.Tick(time.Millisecond) {
			}
		}()
	}
	for now := range time.Tick(100 * time.Millisecond) {
		fmt.Println(now.Unix())
	}
}
`

func TestClockOfAProgramJumpsAndItsTimersDoNot(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "ticking.go")
	require.NoError(t, os.WriteFile(program, []byte(ticking), 0o600))
	c := clock{path: filepath.Join(folder, "clock")}
	require.NoError(t, c.set(0))
	build, err := jumping(t.Context(), folder, "-o", filepath.Join(folder, "ticking"), program)
	require.NoError(t, err)
	printed, err := build.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	run := exec.CommandContext(t.Context(), filepath.Join(folder, "ticking"))
	run.Env = append(os.Environ(), clockVariable+"="+c.path)
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	lines := bufio.NewScanner(out)
	for _, by := range []time.Duration{0, time.Hour, -time.Hour, 0} {
		require.NoError(t, c.set(int(by.Seconds())))
		require.Eventually(t, func() bool {
			require.True(t, lines.Scan(), "it has ended")
			at, err := time.ParseDuration(strings.TrimSpace(lines.Text()) + "s")
			require.NoError(t, err)
			off := at - time.Duration(time.Now().Unix())*time.Second
			return (off - by).Abs() < 10*time.Second
		}, 20*time.Second, time.Millisecond, "its clock is off by %s", by)
	}
	require.NoError(t, run.Process.Kill())
	_ = run.Wait()
}

package sidecar

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLongBuildSaysHowFarItIs(t *testing.T) {
	var said []string
	p := follow(new(exec.Cmd), func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	write := func(text string) {
		_, err := p.Write([]byte(text))
		require.NoError(t, err)
	}
	write("go: downloading github.com/a/b v1.0.0\n")
	require.Empty(t, said, "it has only begun")
	p.next = time.Time{}
	write("go: downloading github.com/c/d v1.0.0\n")
	require.Equal(t, []string{"… 2 modules downloaded"}, said)
	write("internal/a\ngithub.com/a/")
	p.next = time.Time{}
	write("b\n")
	require.Equal(t, "… 2 packages compiled", said[1], "a line may come in pieces")
	write("# github.com/c/d\nd.go:7:2: undefined: x\n")
	require.Equal(t, "# github.com/c/d\nd.go:7:2: undefined: x\n", p.errors())
}

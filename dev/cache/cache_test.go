package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/cache"
)

func TestOneFillsAndAllGetIt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", os.Getenv("XDG_CACHE_HOME")) // where macOS has it
	_, err := cache.Once("a/tool", func(string) error { return errors.New("away") })
	require.EqualError(t, err, "away", "what fails is tried again by the next")
	var filled atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			path, err := cache.Once("a/tool", func(half string) error {
				filled.Add(1)
				return os.WriteFile(half, []byte("whole"), 0o644)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != "whole" || filepath.Base(path) != "tool" {
				t.Errorf("%s: %q, %v", path, text, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, filled.Load())
}

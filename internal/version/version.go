// Package version holds the version of the product. The Makefile reads it here, and a
// test holds k8s/, compose.yaml and CHANGELOG.md to it.
package version

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"
)

// Number is the version, by https://semver.org.
const Number = "0.1.0"

// Asked reports whether the arguments of a program ask for its version, and prints it
// if so, with the commit and the Go that it was built with, as far as they are known.
func Asked(args []string, program string, to io.Writer) bool {
	if len(args) != 1 || args[0] != "--version" && args[0] != "-version" && args[0] != "version" {
		return false
	}
	commit, toolchain := "", ""
	if built, ok := debug.ReadBuildInfo(); ok {
		toolchain = built.GoVersion
		for _, s := range built.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	_, _ = fmt.Fprintf(to, "%s %s (commit %s, %s)\n", program, Number, cmp.Or(commit, "unknown"), cmp.Or(toolchain, "unknown Go"))
	return true
}

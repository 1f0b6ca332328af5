//go:build !conformance

package tools

import (
	"net/http"

	"github.com/mark3labs/mcp-go/server"
)

// addFixtures adds nothing: what the conformance suite wants to find is in
// builds with the tag conformance only.
func addFixtures(*server.MCPServer) {}

func fixtureOptions() []server.ServerOption { return nil }

func withFixtures(next http.Handler) http.Handler { return next }

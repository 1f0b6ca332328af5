// Package e2e tests Tickler as a whole: real processes of every app with its
// sidecar, a real Postgres, a real broker process, a real MCP client over HTTP.
// Whatever it claims to see, it sees from outside: in answers of tools, in
// events read by a consumer of its own, in the apps' logs, in Postgres.
package e2e

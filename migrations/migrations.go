// Package migrations holds the database schema as goose migrations, embedded
// so that every app knows which version it needs.
package migrations

import "embed"

// FS holds the SQL files in goose's format.
//
//go:embed *.sql
var FS embed.FS

// Package migrations holds the database schema as goose migrations, one file a
// subject, embedded so that every app knows which version it needs. schema.sql
// shows what they come to; `make schema` writes it.
package migrations

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// FS holds the migrations in goose's format. schema.sql is not one of them.
//
//go:embed 0*.sql
var FS embed.FS

// The first and the newest version of the schema. Versions 1 to 13 belonged to
// builds before this one, whose migrations no longer exist.
var first, newest = versions()

// Version is the version that a database has after all migrations.
func Version() int64 { return newest }

// ErrOlderBuild marks a database whose schema cannot be brought up to date.
var ErrOlderBuild = errors.New("the database has the schema of an older build, which cannot be migrated")

// Check refuses a database by the version of its schema, 0 for an empty one:
// with ErrOlderBuild where no migration leads from it to this build's schema.
func Check(version int64) error {
	if version == 0 || version >= first {
		return nil
	}
	return fmt.Errorf("%w: version %d, and the first that can is %d. Nothing was changed. With that older build, export each user's "+
		"tasks (GET /v1/export); with this one, migrate a new database and import them there (POST /v1/import); "+
		"see docs/operations.md, \"A database of an older build\"", ErrOlderBuild, version, first)
}

// versions reads the numbers that the names of the files begin with.
func versions() (first, newest int64) {
	names, err := fs.Glob(FS, "*.sql") // in order
	if err != nil || len(names) == 0 {
		panic("migrations: none are embedded")
	}
	number := func(name string) int64 {
		digits, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			panic("migrations: " + name + " does not begin with a number")
		}
		return version
	}
	return number(names[0]), number(names[len(names)-1])
}

package repository_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/label"
	"tickler/internal/task"
)

// A text that the domain lets pass must not fail at a constraint: its caller would be told
// that something went wrong on the server.
func TestTextsMayBeAsLongInTheSchemaAsInTheDomain(t *testing.T) {
	b := setup(t)
	rows, err := b.pool.Query(b.ctx, `
		SELECT c.conrelid::regclass || '.' || a.attname, (regexp_match(pg_get_constraintdef(c.oid), 'char_length\(.*<= (\d+)'))[1]::integer
		FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
		WHERE c.contype = 'c' AND pg_get_constraintdef(c.oid) ~ 'char_length\(.*<= \d+'`)
	require.NoError(t, err)
	found := map[string]int{}
	var column string
	var most int
	_, err = pgx.ForEachRow(rows, []any{&column, &most}, func() error { found[column] = most; return nil })
	require.NoError(t, err)
	require.Equal(t, map[string]int{
		"categories.name": label.MaxCategoryName, "tags.name": label.MaxTagName,
		"tasks.title": task.MaxTitle, "tasks.waiting_for": task.MaxWaitingFor,
		"comments.content": task.MaxComment, "comments.url": task.MaxURL, "comments.link_title": task.MaxLinkTitle,
	}, found)
}

-- +goose Up
CREATE TABLE categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    name_key   text        NOT NULL, -- what names are compared by: input.NameKey in Go
    color      text        CHECK (color ~ '^#[0-9A-Fa-f]{6}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id) -- referenced by tasks, so that a task can only have its owner's categories
);
CREATE UNIQUE INDEX idx_categories_name ON categories (user_id, name_key);
ALTER TABLE categories ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON categories TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON categories TO tickler_api;
GRANT SELECT ON categories TO tickler_recurrer;

CREATE TABLE tags (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 30),
    name_key   text        NOT NULL, -- what names are compared by: input.NameKey in Go
    color      text        CHECK (color ~ '^#[0-9A-Fa-f]{6}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX idx_tags_name ON tags (user_id, name_key);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tags TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON tags TO tickler_api;
GRANT SELECT ON tags TO tickler_recurrer;

-- +goose Down
DROP TABLE tags, categories;

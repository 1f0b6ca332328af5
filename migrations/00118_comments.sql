-- +goose Up
-- What people and agents say about a task. The author is who the token says.
CREATE TABLE comments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    task_id     bigint      NOT NULL,
    author_kind text        NOT NULL CHECK (author_kind IN ('person', 'agent', 'system')),
    author      text        NOT NULL, -- the name of the token or connection
    token_id    bigint,               -- that the author used, if any
    content     text        NOT NULL CHECK (char_length(content) <= 10000),
    url         text        CHECK (char_length(url) BETWEEN 1 AND 2000),
    link_title  text        CHECK (char_length(link_title) BETWEEN 1 AND 200),
    link_kind   text        CHECK (link_kind IN ('document', 'commit', 'pull_request', 'result')),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CHECK (content <> '' OR url IS NOT NULL),
    CHECK ((url IS NULL) = (link_kind IS NULL) AND (url IS NOT NULL OR link_title IS NULL)),
    FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE -- so that nobody comments on another's task
);
CREATE INDEX idx_comments_task ON comments (user_id, task_id, id);
ALTER TABLE comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON comments TO tickler_api USING (user_id = (SELECT caller_id()));
GRANT USAGE ON SEQUENCE comments_id_seq TO tickler_api; -- a comment that comes back has its id
GRANT SELECT, INSERT, DELETE, UPDATE (content, url, link_title, link_kind, updated_at) ON comments TO tickler_api;

-- +goose Down
DROP TABLE comments;

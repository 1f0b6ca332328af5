-- +goose Up
-- A connection that is deleted looks for the code that it came of.
CREATE INDEX idx_oauth_codes_token ON oauth_codes (token_id);

-- +goose Down
DROP INDEX idx_oauth_codes_token;

-- +goose Up
-- The relay reads the oldest rows of each shard and topic. A topic whose broker
-- is away is left out, however much of it has piled up: it must not have to be
-- read to be passed over. One index serves reading and deleting.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
DROP INDEX idx_outbox_shard;
ALTER TABLE outbox ADD PRIMARY KEY (shard, topic, id);

-- +goose Down
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
ALTER TABLE outbox ADD PRIMARY KEY (id);
CREATE INDEX idx_outbox_shard ON outbox (shard, id);

-- A message takes its next way when the present one has not succeeded in time. `way` counts those that it has left
-- behind; a part belongs to the way on which it was sent.
ALTER TABLE outbox ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN fallback_at BIGINT;
ALTER TABLE outbox ADD COLUMN seen_at BIGINT;
ALTER TABLE parts ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_fallback ON outbox (fallback_at) WHERE state = 'accepted' AND fallback_at IS NOT NULL;

-- A message takes its next way when the present one has not succeeded in time. `way` counts those that it has left
-- behind; a part belongs to the way on which it was sent. `paid_way` is the last one whose cost is in `cost`.
ALTER TABLE outbox ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN fallback_at BIGINT;
ALTER TABLE outbox ADD COLUMN seen_at BIGINT;
ALTER TABLE outbox ADD COLUMN paid_way BIGINT;
ALTER TABLE parts ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_fallback ON outbox (fallback_at) WHERE state = 'accepted' AND fallback_at IS NOT NULL;

-- Nobody gets two messages at once, for the second could overtake the first: what is under way, without replies.
CREATE INDEX outbox_under_way ON outbox (address) WHERE state = 'sending' AND lane > 0;

-- What the messages about one dossier have cost, in đồng.
CREATE TABLE dossier_spending (
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (source, code)
);

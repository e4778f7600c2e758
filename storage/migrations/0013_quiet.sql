-- What waits for the end of quiet hours, by person; and what left in them all the same, by which rule or whose word.
CREATE INDEX outbox_quiet ON outbox (address, id, next_at) WHERE state = 'held' AND held_for = 'quiet';
CREATE TABLE bypasses (
    item_id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    at BIGINT NOT NULL,
    rule TEXT NOT NULL,
    ordered_by TEXT NOT NULL
);
CREATE INDEX bypasses_newest ON bypasses (at);

-- A message has an agency that pays and, behind a route, several gateways. From now on `outbox.channel` is the queue
-- where it waits (a channel's own name, or a route's), `gateway` the channel that had it last: receipts name that one.

ALTER TABLE outbox ADD COLUMN agency TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN route TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN gateway TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN cost BIGINT;
-- What a held message waits for: '' for a person who releases the brake, else bot.ports.BUDGET.
ALTER TABLE outbox ADD COLUMN held_for TEXT NOT NULL DEFAULT '';
UPDATE outbox SET gateway = channel WHERE attempts > 0 OR sent_at IS NOT NULL;
CREATE INDEX outbox_budget ON outbox (agency) WHERE state = 'held' AND held_for = 'budget';

ALTER TABLE parked ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE parked ADD COLUMN whole BIGINT NOT NULL DEFAULT 0;

CREATE TABLE gateway_shares (
    name TEXT PRIMARY KEY,
    share BIGINT NOT NULL
);

-- Shares are percent; the number orders what happened in the same millisecond.
CREATE TABLE moves (
    number /*sqlite INTEGER PRIMARY KEY*/ /*postgres BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY*/,
    name TEXT NOT NULL,
    moved_at BIGINT NOT NULL,
    share_before BIGINT NOT NULL,
    share_after BIGINT NOT NULL,
    reason TEXT NOT NULL,
    ordered_by TEXT NOT NULL
);
CREATE INDEX moves_newest ON moves (moved_at, number);
CREATE INDEX moves_of ON moves (name, moved_at, number);

CREATE TABLE pauses (
    name TEXT PRIMARY KEY,
    paused_at BIGINT NOT NULL,
    ordered_by TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- `minute` is its beginning. Grows by a row for each gateway and minute with traffic; old ones are forgotten.
CREATE TABLE gateway_minutes (
    gateway TEXT /*postgres COLLATE "C" */ NOT NULL,
    minute BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    uncertain BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    undelivered BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    PRIMARY KEY (gateway, minute)
);
CREATE INDEX gateway_minutes_of ON gateway_minutes (minute, gateway);

-- What providers called the carrier of an address: a prefix is only a hint, numbers move with their owners.
CREATE TABLE carriers (
    address TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    carrier TEXT NOT NULL,
    named_at BIGINT NOT NULL
);

-- `month` is 2026-11, in Vietnam's time; `cost` is in đồng. An agency that was only warned has a row of zeros.
CREATE TABLE spending (
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    month TEXT /*postgres COLLATE "C" */ NOT NULL,
    messages BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    warned_at BIGINT,
    PRIMARY KEY (month, agency)
);

-- Numbers and chats that get no message unless they write first.
CREATE TABLE do_not_send (
    address TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    since BIGINT NOT NULL,
    ordered_by TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- Messages to many. `state` is one of bot.model.broadcast.BroadcastState; `origins` is how the origins of all its
-- messages in the outbox begin.
CREATE TABLE broadcasts (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    origins TEXT /*postgres COLLATE "C" */ NOT NULL UNIQUE,
    title TEXT NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    wording TEXT NOT NULL,
    language TEXT NOT NULL,
    audience TEXT NOT NULL,
    list_name TEXT NOT NULL,
    list_digest TEXT /*postgres COLLATE "C" */ NOT NULL,
    list_columns TEXT NOT NULL,
    twice BIGINT NOT NULL,
    people BIGINT NOT NULL,
    counted TEXT NOT NULL,
    counted_revision BIGINT NOT NULL,
    starts_at BIGINT,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    tested_revision BIGINT NOT NULL,
    submitted_at BIGINT,
    submitted_by TEXT NOT NULL,
    needs_approval BIGINT NOT NULL,
    approved_at BIGINT,
    approved_by TEXT NOT NULL,
    began_at BIGINT,
    ended_at BIGINT,
    why TEXT NOT NULL,
    handed_out BIGINT NOT NULL,
    handed_to BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    drawing TEXT NOT NULL
);
CREATE INDEX broadcasts_state ON broadcasts (state, id);
CREATE INDEX broadcasts_list ON broadcasts (list_digest) WHERE list_digest <> '';

-- `left_out` is a word of bot.model.broadcast.LeftOut, or empty; `left_late` is 1 where that was found when it was her
-- turn and not when the list was drawn up.
CREATE TABLE broadcast_recipients (
    broadcast TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    phone TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT NOT NULL,
    code TEXT NOT NULL,
    agency TEXT NOT NULL,
    contents TEXT NOT NULL,
    left_out TEXT NOT NULL DEFAULT '',
    left_late BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (broadcast, number)
);
-- One phone once; and whose row to take away from somebody who asks to be forgotten.
CREATE UNIQUE INDEX broadcast_recipients_phone ON broadcast_recipients (phone, broadcast) WHERE phone <> '';
CREATE INDEX broadcast_recipients_left_out ON broadcast_recipients (broadcast, left_late, left_out) WHERE left_out <> '';

CREATE TABLE broadcast_acts (
    broadcast TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    done_by TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (broadcast, number)
);

-- All that a broadcast's progress is counted from, so that nobody reads a hundred thousand messages to show a bar.
CREATE INDEX outbox_bulk ON outbox (origin, state, channel, cost) WHERE lane = 2;

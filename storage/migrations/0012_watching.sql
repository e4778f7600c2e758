-- What the service knows of its own health. Moments are UTC milliseconds.

UPDATE changes SET fate = 'before fates were kept' WHERE fate = '';
CREATE INDEX changes_recent ON changes (at);
-- Always empty, or something is wrong.
CREATE INDEX changes_without_fate ON changes (at) WHERE fate = '';
CREATE INDEX inbound_unanswered ON inbound (at) WHERE outcome = '';
-- Not as a list: SQLite would build it anew for each row that is written.
CREATE INDEX outbox_unreached ON outbox (id) WHERE state = 'failed' OR state = 'expired' OR state = 'suppressed';

-- Until when the books are proven, and what did not balance; that is looked at again until it does.
CREATE TABLE proofs (
    name TEXT PRIMARY KEY,
    proven_until BIGINT NOT NULL,
    proven_at BIGINT NOT NULL,
    whole_at BIGINT
);
CREATE TABLE imbalances (
    origin TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    must BIGINT NOT NULL,
    planned BIGINT NOT NULL,
    found BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- First attempts by the minute of their answer: how many had it within so many seconds of the moment they were due.
CREATE TABLE speed (
    gateway TEXT /*postgres COLLATE "C" */ NOT NULL,
    lane BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    within_1 BIGINT NOT NULL,
    within_2 BIGINT NOT NULL,
    within_5 BIGINT NOT NULL,
    within_10 BIGINT NOT NULL,
    within_30 BIGINT NOT NULL,
    within_60 BIGINT NOT NULL,
    within_300 BIGINT NOT NULL,
    PRIMARY KEY (gateway, lane, minute)
);
CREATE INDEX speed_recent ON speed (minute);

-- `kind` is `channel` or `agency`; `slot` is the beginning of ten minutes.
CREATE TABLE failures (
    kind TEXT NOT NULL,
    name TEXT /*postgres COLLATE "C" */ NOT NULL,
    slot BIGINT NOT NULL,
    tried BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (kind, name, slot)
);
CREATE INDEX failures_recent ON failures (slot);

-- `every` is in milliseconds; `trouble` is what a job has to complain of.
CREATE TABLE heartbeats (
    owner TEXT /*postgres COLLATE "C" */ NOT NULL,
    name TEXT /*postgres COLLATE "C" */ NOT NULL,
    at BIGINT NOT NULL,
    every BIGINT NOT NULL,
    trouble TEXT NOT NULL,
    trouble_en TEXT NOT NULL,
    PRIMARY KEY (owner, name)
);

CREATE TABLE alarms (
    name TEXT NOT NULL,
    subject TEXT /*postgres COLLATE "C" */ NOT NULL,
    since BIGINT NOT NULL,
    detail TEXT NOT NULL,
    detail_en TEXT NOT NULL,
    told_at BIGINT,
    cleared_at BIGINT,
    PRIMARY KEY (name, subject, since)
);
CREATE UNIQUE INDEX alarms_open ON alarms (name, subject) WHERE cleared_at IS NULL;
CREATE INDEX alarms_newest ON alarms (since);

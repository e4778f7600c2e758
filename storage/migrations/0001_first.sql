-- Times are UTC milliseconds; a state is one of bot.model.message.DeliveryState; an address is Address.key.
-- Text in /*postgres … */ is for PostgreSQL alone: codes and ids are compared byte by byte, as SQLite does.

CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    cursor TEXT,
    go_live BIGINT NOT NULL,
    synced_at BIGINT
);

CREATE TABLE quarantine (
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    code TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (source, place, row_number, column_name)
);
CREATE INDEX quarantine_newest ON quarantine (at);

CREATE TABLE unknown_statuses (
    source TEXT NOT NULL,
    word TEXT NOT NULL,
    times BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (source, word)
);

CREATE TABLE dossiers (
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    status BIGINT NOT NULL,
    status_text TEXT NOT NULL,
    agency TEXT NOT NULL,
    agency_name TEXT NOT NULL,
    procedure TEXT NOT NULL,
    procedure_name TEXT NOT NULL,
    applicant TEXT NOT NULL,
    phone TEXT NOT NULL,
    received_at BIGINT,
    appointment_at BIGINT,
    finished_at BIGINT,
    supplement TEXT NOT NULL,
    reason TEXT NOT NULL,
    place TEXT NOT NULL,
    updated_at BIGINT,
    fingerprint TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (source, code)
);
CREATE INDEX dossiers_code ON dossiers (code);
CREATE INDEX dossiers_phone ON dossiers (phone) WHERE phone <> '';

CREATE TABLE changes (
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    status_before BIGINT,
    status_after BIGINT NOT NULL,
    appointment_before BIGINT,
    appointment_after BIGINT,
    PRIMARY KEY (source, code, number)
);

-- `owner` is who claimed the message last; before that, the call that enqueued it.
CREATE TABLE outbox (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    dedupe_key TEXT /*postgres COLLATE "C" */ NOT NULL UNIQUE,
    origin TEXT /*postgres COLLATE "C" */ NOT NULL,
    channel TEXT NOT NULL,
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    lane BIGINT NOT NULL CHECK (lane IN (0, 1, 2)),
    situation TEXT NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    code TEXT NOT NULL,
    parts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    status BIGINT,
    appointment_at BIGINT,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    sent_at BIGINT,
    settled_at BIGINT,
    owner TEXT,
    lease_until BIGINT
);
CREATE INDEX outbox_due ON outbox (channel, lane, next_at, id) WHERE state = 'queued';
CREATE INDEX outbox_expiry ON outbox (expires_at) WHERE state = 'queued';
CREATE INDEX outbox_waiting ON outbox (source, code, address) WHERE state = 'queued' AND code <> '';
CREATE INDEX outbox_leases ON outbox (lease_until) WHERE state = 'sending';
CREATE INDEX outbox_uncertain ON outbox (id) WHERE state = 'uncertain';
CREATE INDEX outbox_history ON outbox (address, id);
CREATE INDEX outbox_origin ON outbox (origin);

CREATE TABLE plans (
    origin TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    planned BIGINT NOT NULL
);

CREATE TABLE parts (
    channel TEXT NOT NULL,
    reference TEXT /*postgres COLLATE "C" */ NOT NULL,
    item_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, reference, item_id)
);
CREATE INDEX parts_item ON parts (item_id);

CREATE TABLE parked (
    channel TEXT NOT NULL,
    reference TEXT /*postgres COLLATE "C" */ NOT NULL,
    item_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (channel, reference, item_id, state)
);

CREATE TABLE conversations (
    address TEXT PRIMARY KEY,
    pending TEXT NOT NULL,
    language TEXT NOT NULL,
    expires_at BIGINT,
    at BIGINT NOT NULL
);

CREATE TABLE inbound (
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    address TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    missed_at BIGINT,
    PRIMARY KEY (channel, message_id)
);
CREATE INDEX inbound_recent ON inbound (address, at);
CREATE INDEX inbound_misses ON inbound (address, missed_at) WHERE missed_at IS NOT NULL;

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

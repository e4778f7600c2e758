CREATE TABLE api_keys (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    rights TEXT NOT NULL,
    digest TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT NOT NULL DEFAULT '',
    used_at BIGINT,
    callback_url TEXT NOT NULL DEFAULT '',
    callback_secret TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE api_guests (
    key_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    PRIMARY KEY (key_id, address)
);
CREATE INDEX api_guests_address ON api_guests (address);

CREATE TABLE api_answers (
    key_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    token TEXT /*postgres COLLATE "C" */ NOT NULL,
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (key_id, token)
);
CREATE INDEX api_answers_age ON api_answers (at);

-- Which key planned a message. `told_until` is NULL once there is nothing more to call back about.
CREATE TABLE api_messages (
    item_id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    key_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    is_trial BIGINT NOT NULL,
    reference TEXT NOT NULL,
    told TEXT NOT NULL DEFAULT '',
    told_until BIGINT
);
CREATE INDEX api_messages_agency ON api_messages (agency, is_trial, item_id);
CREATE INDEX api_messages_key ON api_messages (key_id, item_id);
CREATE INDEX api_messages_watched ON api_messages (item_id) WHERE told_until IS NOT NULL;

CREATE TABLE api_callbacks (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    key_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    item_id TEXT /*postgres COLLATE "C" */ NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT,
    is_given_up BIGINT NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX api_callbacks_due ON api_callbacks (next_at, id) WHERE ended_at IS NULL;
CREATE INDEX api_callbacks_open ON api_callbacks (item_id, id) WHERE ended_at IS NULL;
CREATE INDEX api_callbacks_key ON api_callbacks (key_id, id);
CREATE INDEX api_callbacks_ended ON api_callbacks (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX api_callbacks_given_up ON api_callbacks (key_id) WHERE is_given_up = 1;

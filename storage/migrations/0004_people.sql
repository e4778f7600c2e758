-- The conversation has a state of its own, phones have chats and followers, and guessing is counted.

ALTER TABLE dossiers ADD COLUMN lookup_code TEXT NOT NULL DEFAULT '';
ALTER TABLE dossiers ADD COLUMN id_tail TEXT NOT NULL DEFAULT '';

-- `slots` and `options` are JSON or empty; `heard_at` is when somebody last wrote from the address.
ALTER TABLE conversations DROP COLUMN pending;
ALTER TABLE conversations ADD COLUMN dialogue TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN slots TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN options TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN proved TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN heard_at BIGINT;
/*postgres ALTER TABLE conversations ALTER COLUMN address TYPE TEXT COLLATE "C"; */
UPDATE conversations SET heard_at = at WHERE at > 0;
CREATE INDEX conversations_slots ON conversations (at) WHERE slots <> '';

DROP INDEX inbound_misses;
ALTER TABLE inbound DROP COLUMN missed_at;
ALTER TABLE inbound ADD COLUMN text TEXT NOT NULL DEFAULT '';
CREATE INDEX inbound_texts ON inbound (at) WHERE text <> '';

-- Phones are E.164 in all of these.
CREATE TABLE bindings (
    address TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    phone TEXT /*postgres COLLATE "C" */ NOT NULL,
    proof TEXT NOT NULL,
    since BIGINT NOT NULL,
    channel TEXT NOT NULL,
    language TEXT NOT NULL
);
CREATE INDEX bindings_phone ON bindings (phone);

CREATE TABLE disowned (
    phone TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    at BIGINT NOT NULL
);

-- `important_only` is 0 or 1.
CREATE TABLE preferences (
    phone TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    scheme TEXT NOT NULL,
    important_only BIGINT NOT NULL,
    at BIGINT NOT NULL
);

-- What was withdrawn stays as a record; at most one stands for an address and purpose.
CREATE TABLE consents (
    number /*sqlite INTEGER PRIMARY KEY*/ /*postgres BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY*/,
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    purpose TEXT NOT NULL,
    wording TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX consents_of ON consents (address, given_at, number);
CREATE UNIQUE INDEX consents_standing ON consents (address, purpose) WHERE withdrawn_at IS NULL;

CREATE TABLE one_time_codes (
    address TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    phone TEXT /*postgres COLLATE "C" */ NOT NULL,
    digest TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX one_time_codes_expiry ON one_time_codes (expires_at);

CREATE TABLE follows (
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    channel TEXT NOT NULL,
    since BIGINT NOT NULL,
    invited_by TEXT NOT NULL,
    language TEXT NOT NULL,
    PRIMARY KEY (address, source, code)
);
CREATE INDEX follows_dossier ON follows (source, code);

CREATE TABLE invitations (
    digest TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    phone TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_dossier ON invitations (source, code);
CREATE INDEX invitations_expiry ON invitations (expires_at);

-- A failed attempt leaves a row for each of its sides: see bot.ports.Trace. Both indexes hold all that is asked.
CREATE TABLE attempts (
    kind TEXT /*postgres COLLATE "C" */ NOT NULL,
    subject TEXT /*postgres COLLATE "C" */ NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX attempts_of ON attempts (kind, subject, at);
CREATE INDEX attempts_recent ON attempts (at, kind, subject);

CREATE TABLE vaults (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    kept_at BIGINT NOT NULL
);

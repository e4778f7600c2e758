CREATE TABLE staff (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    login TEXT /*postgres COLLATE "C" */ NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    grants TEXT NOT NULL,
    since BIGINT NOT NULL,
    disabled_at BIGINT,
    subject TEXT /*postgres COLLATE "C" */ NOT NULL DEFAULT '',
    last_in BIGINT,
    password TEXT NOT NULL DEFAULT '',
    totp TEXT NOT NULL DEFAULT '',
    totp_step BIGINT NOT NULL DEFAULT 0,
    recovery TEXT NOT NULL DEFAULT '',
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT
);
CREATE UNIQUE INDEX staff_subject ON staff (subject) WHERE subject <> '';

CREATE TABLE staff_sessions (
    digest TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    member TEXT /*postgres COLLATE "C" */ NOT NULL,
    opened_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    agent TEXT NOT NULL,
    network TEXT NOT NULL,
    proved_at BIGINT,
    note TEXT NOT NULL
);
CREATE INDEX staff_sessions_of ON staff_sessions (member);

CREATE TABLE staff_invitations (
    digest TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    login TEXT /*postgres COLLATE "C" */ NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    grants TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    member TEXT /*postgres COLLATE "C" */ NOT NULL DEFAULT ''
);

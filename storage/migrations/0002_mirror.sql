-- The mirror learns order (sequence, update time), steps and waits, how fresh a source is, and the brake.
-- A dossier's key begins with its code, so that one index serves look-ups by code and by source.

CREATE TABLE dossiers_next (
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
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
    steps TEXT NOT NULL,
    waits TEXT NOT NULL,
    updated_at BIGINT,
    sequence BIGINT,
    progressed_at BIGINT,
    due_at BIGINT,
    fingerprint TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (code, source)
);
INSERT INTO dossiers_next
SELECT
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone,
    received_at, appointment_at, finished_at, supplement, reason, place, '', '', updated_at, NULL,
    COALESCE(updated_at, saved_at), appointment_at, fingerprint, last_number, saved_at, saved_at
FROM dossiers;
DROP TABLE dossiers;
ALTER TABLE dossiers_next RENAME TO dossiers;
CREATE INDEX dossiers_phone ON dossiers (phone) WHERE phone <> '';
-- The statuses of bot.model.dossier that are not FINISHED.
CREATE INDEX dossiers_open ON dossiers (source, progressed_at) WHERE status IN (0, 1, 2, 4, 5, 6);

-- Events that came after a newer one: shown, never applied.
CREATE TABLE late_events (
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    version BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    sequence BIGINT,
    updated_at BIGINT,
    status BIGINT,
    status_text TEXT NOT NULL,
    appointment_at BIGINT,
    PRIMARY KEY (code, source, version, fingerprint)
);

ALTER TABLE sources ADD COLUMN fresh_at BIGINT;
ALTER TABLE sources ADD COLUMN braked_at BIGINT;
ALTER TABLE sources ADD COLUMN window_at BIGINT;
ALTER TABLE sources ADD COLUMN window_planned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN dossiers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
UPDATE sources SET
    fresh_at = synced_at,
    dossiers = (SELECT COUNT(*) FROM dossiers AS d WHERE d.source = sources.name);

CREATE TABLE source_failures (
    source TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    reason TEXT NOT NULL
);

CREATE INDEX quarantine_code ON quarantine (source, code) WHERE code <> '';

-- What a running comparison has seen at the source; empty between two of them.
CREATE TABLE reconciliation_seen (
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (source, code)
);
CREATE TABLE reconciliations (
    source TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    compared BIGINT NOT NULL,
    missing_here BIGINT NOT NULL,
    missing_there BIGINT NOT NULL,
    differing BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    named TEXT NOT NULL,
    PRIMARY KEY (source, began_at)
);

CREATE INDEX outbox_held ON outbox (source, code, address) WHERE state = 'held';
CREATE INDEX outbox_held_expiry ON outbox (expires_at) WHERE state = 'held';

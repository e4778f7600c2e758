CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    done_by TEXT /*postgres COLLATE "C" */ NOT NULL,
    way TEXT NOT NULL,
    what TEXT /*postgres COLLATE "C" */ NOT NULL,
    subject TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX audit_by ON audit (done_by, number);
CREATE INDEX audit_subject ON audit (subject, number) WHERE subject <> '';
CREATE INDEX audit_what ON audit (what, number);
CREATE INDEX audit_agency ON audit (agency, number);
CREATE INDEX audit_agency_what ON audit (agency, what, number);
CREATE INDEX audit_at ON audit (at, number);

-- Whoever adds to the chain holds this row until the commit.
CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL,
    digest TEXT NOT NULL
);

-- The citizen's last word after a clerk's: she waits again.
ALTER TABLE talks ADD COLUMN asked_at BIGINT;

-- beside: 0024_parts_in_place
-- What is kept of people has an end. The indexes hold only what is still to be forgotten: what is gone leaves them, and
-- what comes back is found again. Messages have none: they lie in the order of their ids, which is that of time.

-- How far a nightly walk has come: `place` is an id of ours, never anybody's address or number.
CREATE TABLE retention_marks (
    kind TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    place TEXT /*postgres COLLATE "C" */ NOT NULL,
    at BIGINT NOT NULL
);

-- Messages that the walk has passed while they could still change.
CREATE TABLE retention_left (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY
);

-- The statuses of bot.model.dossier.FINISHED.
CREATE INDEX dossiers_personal ON dossiers (COALESCE(finished_at, progressed_at), code, source)
WHERE status IN (3, 7, 8, 9, 10) AND (phone <> '' OR applicant <> '' OR lookup_code <> '' OR id_tail <> '');
CREATE INDEX feedback_personal ON feedback (answered_at)
WHERE answered_at IS NOT NULL AND SUBSTR(address, 1, 7) <> 'erased:';
-- A request for erasure waits until its phone is erased, or somebody says that the law forbids it.
ALTER TABLE feedback ADD COLUMN refused_at BIGINT;
CREATE INDEX feedback_erasures ON feedback (at, number) WHERE kind = 'erasure' AND phone <> '' AND refused_at IS NULL;
CREATE INDEX surveys_reasons ON surveys (asked_at) WHERE reason <> '';
CREATE INDEX consents_withdrawn ON consents (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

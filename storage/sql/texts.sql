-- name: texts_step(step)$
-- Locks the writing of texts until the transaction ends.
INSERT INTO text_revision (one, revision) VALUES (1, :step)
ON CONFLICT (one) DO UPDATE SET revision = text_revision.revision + :step
RETURNING revision;

-- name: texts_revision()$
SELECT revision FROM text_revision;

-- name: text_retire(situation, language, agency, state, retired_by, at)!
UPDATE texts SET state = 'retired', retired_by = :retired_by, retired_at = :at
WHERE situation = :situation AND language = :language AND agency = :agency AND state = :state;

-- name: text_draft(situation, language, agency, body, note, made_by, at)$
INSERT INTO texts (situation, language, agency, number, body, state, note, made_by, made_at)
SELECT :situation, :language, :agency, COALESCE(MAX(number), 0) + 1, CAST(:body AS TEXT), 'draft', CAST(:note AS TEXT),
    CAST(:made_by AS TEXT), CAST(:at AS BIGINT)
FROM texts
WHERE situation = :situation AND language = :language AND agency = :agency
RETURNING number;

-- name: text_publish(situation, language, agency, number, published_by, at)!
UPDATE texts SET state = 'published', published_by = :published_by, published_at = :at
WHERE situation = :situation AND language = :language AND agency = :agency AND number = :number AND state = 'draft';

-- name: text_republish(situation, language, agency, number, note, published_by, at)$
INSERT INTO texts (
    situation, language, agency, number, body, state, note, made_by, made_at, published_by, published_at, copy_of
)
SELECT
    older.situation, older.language, older.agency,
    (SELECT MAX(newest.number) + 1 FROM texts AS newest
     WHERE newest.situation = :situation AND newest.language = :language AND newest.agency = :agency),
    older.body, 'published', CAST(:note AS TEXT), CAST(:published_by AS TEXT), CAST(:at AS BIGINT),
    CAST(:published_by AS TEXT), CAST(:at AS BIGINT), older.number
FROM texts AS older
WHERE older.situation = :situation AND older.language = :language AND older.agency = :agency
    AND older.number = :number AND older.published_at IS NOT NULL
RETURNING number;

-- name: text_one(situation, language, agency, number)^
SELECT
    situation, language, agency, number, body, state, note, made_by, made_at, published_by, published_at, retired_by,
    retired_at, copy_of
FROM texts
WHERE situation = :situation AND language = :language AND agency = :agency AND number = :number;

-- name: text_history(situation, language, agency)
SELECT
    situation, language, agency, number, body, state, note, made_by, made_at, published_by, published_at, retired_by,
    retired_at, copy_of
FROM texts
WHERE situation = :situation AND language = :language AND agency = :agency
ORDER BY number DESC;

-- name: texts_current(and_drafts)
SELECT
    situation, language, agency, number, body, state, note, made_by, made_at, published_by, published_at, retired_by,
    retired_at, copy_of
FROM texts
WHERE state = 'published' OR (state = 'draft' AND :and_drafts = 1)
ORDER BY situation, language, agency, state DESC;

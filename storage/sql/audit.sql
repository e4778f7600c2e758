-- name: audit_step(number, digest)^
-- Locks the end of the chain until the transaction ends; nothing is changed by it.
INSERT INTO audit_head (one, number, digest) VALUES (1, :number, :digest)
ON CONFLICT (one) DO UPDATE SET number = audit_head.number
RETURNING number, digest;

-- name: audit_head()^
SELECT number, digest FROM audit_head;

-- name: audit_move(number, digest)!
UPDATE audit_head SET number = :number, digest = :digest WHERE one = 1;

-- name: audit_add(number, at, done_by, way, what, subject, agency, before, after, digest)*!
INSERT INTO audit (number, at, done_by, way, what, subject, agency, before, after, digest)
VALUES (:number, :at, :done_by, :way, :what, :subject, :agency, :before, :after, :digest);

-- name: audit_chain(after, most)
SELECT number, at, done_by, way, what, subject, agency, before, after, digest FROM audit
WHERE number > :after ORDER BY number LIMIT :most;

-- name: audit_span(long_before, long_after)^
-- The numbers between which the entries of a span of time stand: above the last one of long before, below the first one
-- of long after it.
SELECT
    (SELECT number FROM audit WHERE at < :long_before ORDER BY at DESC, number DESC LIMIT 1) AS above,
    (SELECT number FROM audit WHERE at >= :long_after ORDER BY at, number LIMIT 1) AS below;

-- name: audit_newest(since, until, above, below, most)
SELECT number, at, done_by, way, what, subject, agency, before, after, digest FROM audit
WHERE number > :above AND number < :below AND at >= :since AND at < :until
ORDER BY number DESC LIMIT :most;

-- name: audit_of_person(done_by, what, agencies, everywhere, since, until, above, below, most)
SELECT a.number, a.at, a.done_by, a.way, a.what, a.subject, a.agency, a.before, a.after, a.digest
FROM audit AS a
WHERE a.done_by = :done_by AND a.number > :above AND a.number < :below AND a.at >= :since AND a.at < :until
    AND (:what = '' OR SUBSTR(a.what, 1, LENGTH(:what)) = :what)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE a.agency = g.key OR SUBSTR(a.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY a.number DESC LIMIT :most;

-- name: audit_of_subject(subject, done_by, what, agencies, everywhere, since, until, above, below, most)
SELECT a.number, a.at, a.done_by, a.way, a.what, a.subject, a.agency, a.before, a.after, a.digest
FROM audit AS a
WHERE a.subject = :subject AND a.subject <> '' AND a.number > :above AND a.number < :below
    AND a.at >= :since AND a.at < :until
    AND (:done_by = '' OR a.done_by = :done_by)
    AND (:what = '' OR SUBSTR(a.what, 1, LENGTH(:what)) = :what)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE a.agency = g.key OR SUBSTR(a.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY a.number DESC LIMIT :most;

-- name: audit_of_kinds(what, what_end, since, until, above, below, most)
-- The newest numbers of each kind that begins so, as one text a kind; jumps from kind to kind in the index audit_what.
WITH RECURSIVE kinds (what) AS (
    SELECT MIN(what) FROM audit WHERE what >= :what AND what < :what_end
    UNION ALL
    SELECT (SELECT MIN(a.what) FROM audit AS a WHERE a.what > kinds.what AND a.what < :what_end)
    FROM kinds
    WHERE kinds.what IS NOT NULL
)
SELECT (
    SELECT CAST(rows_as_json(n.number) AS TEXT) FROM (
        SELECT a.number FROM audit AS a
        WHERE a.what = kinds.what AND a.number > :above AND a.number < :below AND a.at >= :since AND a.at < :until
        ORDER BY a.number DESC LIMIT :most
    ) AS n
) AS numbers
FROM kinds
WHERE kinds.what IS NOT NULL;

-- name: audit_of_agencies(agencies, since, until, above, below, most)
-- The same of each agency among these, and below them; '/' comes after '.'.
WITH RECURSIVE places (agency, top) AS (
    SELECT (SELECT MIN(a.agency) FROM audit AS a WHERE a.agency >= g.key AND a.agency < g.key || '/'), g.key
    FROM json_each(:agencies) AS g
    UNION ALL
    SELECT
        (SELECT MIN(a.agency) FROM audit AS a WHERE a.agency > places.agency AND a.agency < places.top || '/'),
        places.top
    FROM places
    WHERE places.agency IS NOT NULL
)
SELECT (
    SELECT CAST(rows_as_json(n.number) AS TEXT) FROM (
        SELECT a.number FROM audit AS a
        WHERE a.agency = places.agency AND a.number > :above AND a.number < :below
            AND a.at >= :since AND a.at < :until
        ORDER BY a.number DESC LIMIT :most
    ) AS n
) AS numbers
FROM places
WHERE places.agency IS NOT NULL
    AND (places.agency = places.top OR SUBSTR(places.agency, 1, LENGTH(places.top) + 1) = places.top || '.');

-- name: audit_of_agencies_kinds(agencies, what, what_end, since, until, above, below, most)
-- Both: of each kind in each agency.
WITH RECURSIVE places (agency, top) AS (
    SELECT (SELECT MIN(a.agency) FROM audit AS a WHERE a.agency >= g.key AND a.agency < g.key || '/'), g.key
    FROM json_each(:agencies) AS g
    UNION ALL
    SELECT
        (SELECT MIN(a.agency) FROM audit AS a WHERE a.agency > places.agency AND a.agency < places.top || '/'),
        places.top
    FROM places
    WHERE places.agency IS NOT NULL
),
kinds (what) AS (
    SELECT MIN(what) FROM audit WHERE what >= :what AND what < :what_end
    UNION ALL
    SELECT (SELECT MIN(a.what) FROM audit AS a WHERE a.what > kinds.what AND a.what < :what_end)
    FROM kinds
    WHERE kinds.what IS NOT NULL
)
SELECT (
    SELECT CAST(rows_as_json(n.number) AS TEXT) FROM (
        SELECT a.number FROM audit AS a
        WHERE a.agency = places.agency AND a.what = kinds.what AND a.number > :above AND a.number < :below
            AND a.at >= :since AND a.at < :until
        ORDER BY a.number DESC LIMIT :most
    ) AS n
) AS numbers
FROM places CROSS JOIN kinds
WHERE places.agency IS NOT NULL AND kinds.what IS NOT NULL
    AND (places.agency = places.top OR SUBSTR(places.agency, 1, LENGTH(places.top) + 1) = places.top || '.');

-- name: audit_numbered(numbers)
SELECT a.number, a.at, a.done_by, a.way, a.what, a.subject, a.agency, a.before, a.after, a.digest
FROM json_each(:numbers) AS wanted CROSS JOIN audit AS a
WHERE a.number = CAST(wanted.key AS BIGINT)
ORDER BY a.number DESC;

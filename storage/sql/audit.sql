-- name: audit_step(number, digest)$
-- Locks the end of the chain until the transaction ends; nothing is changed by it.
INSERT INTO audit_head (one, number, digest) VALUES (1, :number, :digest)
ON CONFLICT (one) DO UPDATE SET number = audit_head.number
RETURNING number;

-- name: audit_head()^
SELECT number, digest FROM audit_head;

-- name: audit_move(number, digest)!
UPDATE audit_head SET number = :number, digest = :digest;

-- name: audit_add(number, at, done_by, way, what, subject, agency, before, after, digest)*!
INSERT INTO audit (number, at, done_by, way, what, subject, agency, before, after, digest)
VALUES (:number, :at, :done_by, :way, :what, :subject, :agency, :before, :after, :digest);

-- name: audit_listed(agencies, everywhere, done_by, what, subject, since, until, below, most)
SELECT a.number, a.at, a.done_by, a.way, a.what, a.subject, a.agency, a.before, a.after, a.digest
FROM audit AS a
WHERE a.number < :below AND a.at >= :since AND a.at < :until
    AND (:done_by = '' OR a.done_by = :done_by)
    AND (:subject = '' OR a.subject = :subject)
    AND (:what = '' OR SUBSTR(a.what, 1, LENGTH(:what)) = :what)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE a.agency = g.key OR SUBSTR(a.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY a.number DESC LIMIT :most;

-- name: audit_chain(after, most)
SELECT number, at, done_by, way, what, subject, agency, before, after, digest FROM audit
WHERE number > :after ORDER BY number LIMIT :most;

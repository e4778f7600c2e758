-- name: counts()
SELECT channel, state, COUNT(*) AS items FROM outbox GROUP BY channel, state;

-- name: waiting_by_queue()
-- Reads the index outbox_due alone: as long as what waits, not as what was ever sent.
SELECT channel, COUNT(*) AS items FROM outbox WHERE state = 'queued' GROUP BY channel;

-- name: situations()
SELECT channel, situation, state, COUNT(*) AS items FROM outbox GROUP BY channel, situation, state;

-- name: planned()$
SELECT CAST(COALESCE(SUM(planned), 0) AS BIGINT) FROM plans;

-- name: imbalances(most)
SELECT origin, CAST(SUM(planned) AS BIGINT) AS planned, CAST(SUM(found) AS BIGINT) AS found
FROM (
    SELECT origin, planned, 0 AS found FROM plans
    UNION ALL
    SELECT origin, 0, COUNT(*) FROM outbox GROUP BY origin
) AS books
GROUP BY origin
HAVING SUM(planned) <> SUM(found)
ORDER BY origin
LIMIT :most;

-- name: parked()$
SELECT COUNT(*) FROM parked;

-- name: messages_counted()
-- Why something was suppressed is one of a few sentences of ours; providers' words are many.
SELECT channel, state, CASE WHEN state = 'suppressed' THEN reason ELSE '' END AS why, COUNT(*) AS items
FROM outbox
GROUP BY channel, state, CASE WHEN state = 'suppressed' THEN reason ELSE '' END;

-- name: changes_counted()
SELECT fate, COUNT(*) AS changes FROM changes GROUP BY fate ORDER BY changes DESC, fate;

-- name: count_fateless()$
SELECT COUNT(*) FROM changes WHERE fate = '';

-- name: fateless(most)
SELECT source, code, number FROM changes WHERE fate = '' ORDER BY at LIMIT :most;

-- name: count_unanswered(before)$
SELECT COUNT(*) FROM inbound WHERE outcome = '' AND at < :before;

-- name: askew_since(since, first, most)
-- A planned change must have its plan; what was found askew before is looked at again.
WITH origins AS MATERIALIZED (
    SELECT origin, MAX(must) AS must
    FROM (
        SELECT 'change:' || source || ':' || code || ':' || number AS origin, 1 AS must
        FROM changes WHERE at >= :since AND fate = 'planned'
        UNION ALL
        SELECT origin, 0 FROM outbox WHERE id >= :first
        UNION ALL
        SELECT origin, must FROM imbalances
    ) AS touched
    GROUP BY origin
),
books AS MATERIALIZED (
    SELECT
        origin, must, (SELECT p.planned FROM plans AS p WHERE p.origin = origins.origin) AS planned,
        (SELECT COUNT(*) FROM outbox AS o WHERE o.origin = origins.origin) AS found
    FROM origins
)
SELECT origin, must, COALESCE(planned, 0) AS planned, found
FROM books
WHERE COALESCE(planned, 0) <> found OR (must = 1 AND planned IS NULL)
ORDER BY origin
LIMIT :most;

-- name: plans_end(after, most)$
-- Where a page of so many plans ends.
SELECT origin FROM plans WHERE origin > :after ORDER BY origin LIMIT 1 OFFSET :most;

-- name: askew_between(after, until, most)
-- Both indexes in the same order: what was planned and is not there, or not as often; then what nobody planned.
SELECT origin, planned, found
FROM (
    SELECT p.origin, p.planned, (SELECT COUNT(*) FROM outbox AS o WHERE o.origin = p.origin) AS found
    FROM plans AS p
    WHERE p.origin > :after AND p.origin <= :until
) AS known
WHERE planned <> found
UNION ALL
SELECT o.origin, 0, COUNT(*)
FROM outbox AS o
WHERE o.origin > :after AND o.origin <= :until AND NOT EXISTS (SELECT 1 FROM plans AS p WHERE p.origin = o.origin)
GROUP BY o.origin
LIMIT :most;

-- name: changes_end(after, most)$
SELECT at FROM changes WHERE at > :after ORDER BY at LIMIT 1 OFFSET :most;

-- name: unplanned_between(after, until, most)
SELECT 'change:' || c.source || ':' || c.code || ':' || c.number AS origin
FROM changes AS c
WHERE c.at > :after AND c.at <= :until AND c.fate = 'planned' AND NOT EXISTS (
    SELECT 1 FROM plans AS p WHERE p.origin = 'change:' || c.source || ':' || c.code || ':' || c.number
)
LIMIT :most;

-- name: proof(name)^
SELECT proven_until, proven_at, whole_at FROM proofs WHERE name = :name;

-- name: prove(name, proven_until, proven_at, whole_at)!
INSERT INTO proofs (name, proven_until, proven_at, whole_at)
VALUES (:name, :proven_until, :proven_at, :whole_at)
ON CONFLICT (name) DO UPDATE SET
    proven_until = excluded.proven_until, proven_at = excluded.proven_at,
    whole_at = COALESCE(excluded.whole_at, proofs.whole_at);

-- name: forget_imbalances()!
DELETE FROM imbalances;

-- name: note_imbalance(origin, must, planned, found, seen_at)*!
INSERT INTO imbalances (origin, must, planned, found, seen_at)
VALUES (:origin, :must, :planned, :found, :seen_at)
ON CONFLICT (origin) DO UPDATE SET must = excluded.must, planned = excluded.planned, found = excluded.found;

-- name: imbalances_known()
SELECT origin, must, planned, found FROM imbalances ORDER BY origin;

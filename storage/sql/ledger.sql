-- name: counts()
SELECT channel, state, COUNT(*) AS items FROM outbox GROUP BY channel, state;

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

-- name: note_attempts(kind, subject, at)*!
INSERT INTO attempts (kind, subject, at) VALUES (:kind, :subject, :at);

-- name: failures(traces)
SELECT wanted.key AS number, COUNT(*) AS failures, MAX(a.at) AS last_at
FROM json_each(:traces) AS wanted CROSS JOIN attempts AS a
WHERE
    a.kind = wanted.value ->> 'kind' AND a.subject = wanted.value ->> 'subject'
    AND a.at >= CAST(wanted.value ->> 'since' AS BIGINT)
GROUP BY wanted.key;

-- name: clear_attempts(traces)!
DELETE FROM attempts
WHERE (kind, subject) IN (
    SELECT wanted.value ->> 'kind', wanted.value ->> 'subject' FROM json_each(:traces) AS wanted
);

-- name: spread(since)^
SELECT
    COUNT(CASE WHEN kind = 'sender' THEN 1 END) AS failures,
    COUNT(DISTINCT CASE WHEN kind = 'sender' THEN subject END) AS senders,
    COUNT(DISTINCT CASE WHEN kind = 'code' THEN subject END) AS codes
FROM attempts
WHERE at >= :since;

-- name: prune_attempts(before)!
DELETE FROM attempts WHERE at < :before;

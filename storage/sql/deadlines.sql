-- Everywhere the statuses are those of the indexes dossiers_deadline and dossiers_ended (migration 0010). The seventh
-- of the terms is `paused_at`, and behind it may stand pauses that are over (bot.model.dossier.Dossier.terms): where it is
-- null the clock runs.

-- name: deadlines_began(at)$
INSERT INTO deadline_notes (due_at, code, source, stage, at) VALUES (0, '', '', 'began', :at)
ON CONFLICT (due_at, code, source, stage) DO UPDATE SET at = deadline_notes.at
RETURNING at;

-- name: deadlines_near(stage, since, until, after_due, after_code, after_source, most)
SELECT d.code, d.source, d.agency, d.agency_name, d.procedure_name, d.status, d.due_at, d.steps
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :until
    AND (d.due_at, d.code, d.source) > (:after_due, :after_code, :after_source)
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%') AND d.due_at > d.first_seen_at
    AND NOT EXISTS (
        SELECT 1 FROM deadline_notes AS n
        WHERE n.due_at = d.due_at AND n.code = d.code AND n.source = d.source AND n.stage = :stage
    )
ORDER BY d.due_at, d.code, d.source
LIMIT :most;

-- name: deadlines_note(dues, stage, at)
INSERT INTO deadline_notes (due_at, code, source, stage, at)
SELECT CAST(v.value ->> 'due_at' AS BIGINT), v.value ->> 'code', v.value ->> 'source', CAST(:stage AS TEXT),
    CAST(:at AS BIGINT)
FROM json_each(:dues) AS v
WHERE true
ON CONFLICT (due_at, code, source, stage) DO NOTHING
RETURNING due_at, code, source;

-- name: deadlines_forget_notes(before)!
DELETE FROM deadline_notes WHERE due_at > 0 AND due_at < :before;

-- name: deadlines_listed(agencies, everywhere, since, until, most)
SELECT d.code, d.source, d.agency, d.agency_name, d.procedure_name, d.status, d.due_at, d.steps
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :until
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS a
        WHERE d.agency = a.key OR SUBSTR(d.agency, 1, LENGTH(a.key) + 1) = a.key || '.'
    ))
ORDER BY d.due_at, d.code, d.source
LIMIT :most;

-- name: deadlines_count(agencies, everywhere, since, until)$
SELECT COUNT(*)
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :until
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS a
        WHERE d.agency = a.key OR SUBSTR(d.agency, 1, LENGTH(a.key) + 1) = a.key || '.'
    ));

-- name: deadlines_pressures(now, soon, long)
-- Grouped by an expression: else an index by agency, walked from end to end, looks cheaper than the deadlines.
SELECT
    d.agency || '' AS agency, MAX(d.agency_name) AS agency_name, COUNT(*) FILTER (WHERE d.due_at > :now) AS soon,
    COUNT(*) FILTER (WHERE d.due_at <= :now) AS overdue, COUNT(*) FILTER (WHERE d.due_at <= :long) AS long_overdue
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at <= :soon AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
GROUP BY d.agency || ''
ORDER BY overdue DESC, soon DESC, agency;

-- name: deadlines_postponed_again(since, few, most)
-- A date that the source wrote down after our apology is no re-appointment of its own; minutes are compared, as in
-- bot.model.apology.reappointments.
SELECT d.code, d.source, d.agency, d.agency_name, d.procedure_name, d.status, c.appointment_after AS due_at, d.steps
FROM changes AS c CROSS JOIN dossiers AS d
WHERE c.kind = 'appointment' AND c.appointment_after > c.appointment_before AND c.at > :since
    AND c.status_before <> 5 AND d.code = c.code AND d.source = c.source AND d.appointment_at = c.appointment_after
    AND d.status IN (0, 1, 2, 4, 6)
    AND NOT EXISTS (
        SELECT 1 FROM apologies AS a
        WHERE a.code = c.code AND a.source = c.source AND a.state = 'approved'
            AND a.new_at / 60000 = c.appointment_after / 60000
    )
    AND NOT EXISTS (
        SELECT 1 FROM deadline_notes AS n
        WHERE n.due_at = c.appointment_after AND n.code = c.code AND n.source = c.source AND n.stage = 'again'
    )
    AND :few <= (
        SELECT COUNT(*) FROM apologies AS a
        WHERE a.code = c.code AND a.source = c.source AND a.state = 'approved'
    ) + (
        SELECT COUNT(*) FROM changes AS e
        WHERE e.source = c.source AND e.code = c.code AND e.number < c.number AND e.kind = 'appointment'
            AND e.appointment_after / 60000 > e.appointment_before / 60000
            AND e.status_before <> 5 AND e.status_after IN (0, 1, 2, 4, 6)
            AND NOT EXISTS (
                SELECT 1 FROM apologies AS a
                WHERE a.code = e.code AND a.source = e.source AND a.state = 'approved'
                    AND a.new_at / 60000 = e.appointment_after / 60000
            )
    )
ORDER BY c.at, c.source, c.code
LIMIT :most;

-- name: deadlines_ended(since, until, subtracting)
-- A day is told by its number in Vietnam. A deadline at midnight is one that the source gave without an hour: then the
-- whole day counts. More than one supplement counts as late.
WITH judged AS (
    SELECT
        d.agency, d.agency_name, d.due_at,
        COALESCE(d.finished_at, d.progressed_at) AS ended_at,
        (COALESCE(d.finished_at, d.progressed_at) + 25200000) / 86400000 AS end_day,
        (d.due_at + 25200000) / 86400000 AS due_day,
        CASE WHEN (d.due_at + 25200000) % 86400000 = 0 THEN 1 ELSE 0 END AS is_whole_day,
        CASE WHEN d.waits LIKE '%], [%' THEN 1 ELSE 0 END AS is_twice
    FROM dossiers AS d
    WHERE d.status IN (3, 8, 9, 10)
        AND COALESCE(d.finished_at, d.progressed_at) >= :since AND COALESCE(d.finished_at, d.progressed_at) < :until
        AND NOT (
            d.due_at IS NOT NULL AND (d.waits <> '' OR d.terms LIKE '%,[[%') AND d.waits NOT LIKE '%], [%'
            AND d.source IN (SELECT key FROM json_each(:subtracting))
        )
)
SELECT
    agency, MAX(agency_name) AS agency_name,
    COUNT(*) FILTER (WHERE due_at IS NOT NULL AND is_twice = 0 AND end_day < due_day) AS early,
    COUNT(*) FILTER (
        WHERE due_at IS NOT NULL AND is_twice = 0 AND end_day = due_day AND (is_whole_day = 1 OR ended_at <= due_at)
    ) AS on_time,
    COUNT(*) FILTER (
        WHERE due_at IS NOT NULL
            AND (is_twice = 1 OR end_day > due_day OR (end_day = due_day AND is_whole_day = 0 AND ended_at > due_at))
    ) AS late,
    COUNT(*) FILTER (WHERE due_at IS NULL) AS undated
FROM judged
GROUP BY agency
ORDER BY agency;

-- name: deadlines_waiting(since, until, subtracting, after_code, after_source, most)
SELECT d.code, d.source
FROM dossiers AS d
WHERE d.status IN (3, 8, 9, 10)
    AND COALESCE(d.finished_at, d.progressed_at) >= :since AND COALESCE(d.finished_at, d.progressed_at) < :until
    AND d.due_at IS NOT NULL AND (d.waits <> '' OR d.terms LIKE '%,[[%') AND d.waits NOT LIKE '%], [%'
    AND d.source IN (SELECT key FROM json_each(:subtracting))
    AND (d.code, d.source) > (:after_code, :after_source)
ORDER BY d.code, d.source
LIMIT :most;

-- name: deadlines_overdue(since, until, now)
SELECT d.agency, MAX(d.agency_name) AS agency_name, COUNT(*) AS dossiers
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at >= :since AND d.due_at < :until AND d.due_at <= :now
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
GROUP BY d.agency
ORDER BY d.agency;

-- name: deadlines_late(agencies, everywhere, since, until, now, most)
WITH late AS (
    SELECT
        d.code, d.source, d.agency, d.agency_name, d.procedure, d.procedure_name, d.status, d.due_at,
        COALESCE(d.finished_at, d.progressed_at) AS ended_at, d.steps, d.waits, d.terms
    FROM dossiers AS d
    WHERE d.status IN (3, 8, 9, 10)
        AND COALESCE(d.finished_at, d.progressed_at) >= :since AND COALESCE(d.finished_at, d.progressed_at) < :until
        AND d.due_at IS NOT NULL AND (
            d.waits LIKE '%], [%' OR (
                COALESCE(d.finished_at, d.progressed_at) > d.due_at AND NOT (
                    (d.due_at + 25200000) % 86400000 = 0
                    AND COALESCE(d.finished_at, d.progressed_at) < d.due_at + 86400000
                )
            )
        )
    UNION ALL
    SELECT
        d.code, d.source, d.agency, d.agency_name, d.procedure, d.procedure_name, d.status, d.due_at,
        NULL AS ended_at, d.steps, d.waits, d.terms
    FROM dossiers AS d
    WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at >= :since AND d.due_at < :until AND d.due_at <= :now
        AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
)
SELECT
    late.code, late.source, late.agency, late.agency_name, late.procedure, late.procedure_name, late.status,
    late.due_at, late.ended_at, late.steps, late.waits, late.terms, a.id AS apology,
    (
        SELECT MIN(o.sent_at) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%'
    ) AS apology_sent_at,
    (
        SELECT COUNT(*) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%' AND o.state = 'delivered'
    ) AS apology_arrived
FROM late
LEFT JOIN apologies AS a ON a.id = (
    SELECT b.id FROM apologies AS b
    WHERE b.code = late.code AND b.source = late.source AND b.state = 'approved'
    ORDER BY b.old_at DESC LIMIT 1
)
WHERE :everywhere = 1 OR EXISTS (
    SELECT 1 FROM json_each(:agencies) AS g
    WHERE late.agency = g.key OR SUBSTR(late.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
)
ORDER BY late.due_at, late.code, late.source
LIMIT :most;

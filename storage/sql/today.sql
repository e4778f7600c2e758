-- Where the clock runs: see deadlines.sql.

-- name: today_due(agencies, everywhere, since, until, after_due, after_code, after_source, most)
SELECT d.code, d.source, d.agency, d.agency_name, d.procedure_name, d.status, d.due_at, d.steps
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :until
    AND (d.due_at, d.code, d.source) > (:after_due, :after_code, :after_source)
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE d.agency = g.key OR SUBSTR(d.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY d.due_at, d.code, d.source
LIMIT :most;

-- name: today_dues(since, now, soon, next_day)
-- From the index alone. Grouped by an expression: see `deadlines_pressures`.
SELECT
    d.agency || '' AS agency, COUNT(*) FILTER (WHERE d.due_at > :now AND d.due_at <= :soon) AS soon,
    COUNT(*) FILTER (WHERE d.due_at > :now AND d.due_at > :soon) AS next_day,
    COUNT(*) FILTER (WHERE d.due_at <= :now) AS overdue
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :next_day
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
GROUP BY d.agency || ''
ORDER BY agency;

-- name: today_held()
SELECT held_for, agency, source, situation, MIN(next_at) AS until, COUNT(*) AS messages
FROM outbox
WHERE state = 'held'
GROUP BY agency, held_for, source, situation
ORDER BY held_for, agency, source, situation;

-- name: today_quiet(agencies, everywhere, situation, after, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM outbox AS o
WHERE o.state = 'held' AND o.held_for = 'quiet' AND o.id > :after AND (:situation = '' OR o.situation = :situation)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE o.agency = g.key OR SUBSTR(o.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY o.id
LIMIT :most;

-- name: today_quiet_among(ids, agencies, everywhere)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM json_each(:ids) AS v CROSS JOIN outbox AS o
WHERE o.id = v.key AND o.state = 'held' AND o.held_for = 'quiet'
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE o.agency = g.key OR SUBSTR(o.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY o.id;

-- name: today_failed(agencies, everywhere, since, most)
SELECT state, channel, reason, COUNT(*) AS messages
FROM (
    SELECT o.state, o.reason, CASE WHEN o.gateway = '' THEN o.channel ELSE o.gateway END AS channel
    FROM outbox AS o
    WHERE o.id >= :since AND (o.state = 'failed' OR o.state = 'expired' OR o.state = 'suppressed')
        AND o.state <> 'suppressed'
        AND (:everywhere = 1 OR EXISTS (
            SELECT 1 FROM json_each(:agencies) AS g
            WHERE o.agency = g.key OR SUBSTR(o.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
        ))
    ORDER BY o.id DESC
    LIMIT :most
) AS newest
GROUP BY state, channel, reason
ORDER BY messages DESC, state, channel, reason;

-- name: today_unheard(agencies, everywhere, before, since, most)
-- As `unreached` in watching.sql, of some agencies, and each dossier once for an address. Without a phone there is
-- nobody: all such dossiers share an address, and each of their messages stands for itself.
SELECT
    o.id, o.source, o.code, o.situation, o.channel, o.address, o.state, o.reason, o.created_at, d.agency, d.agency_name,
    d.applicant, d.phone, h.way AS told_way, h.done_by AS told_by, h.at AS told_at
FROM outbox AS o CROSS JOIN dossiers AS d
LEFT JOIN told_by_hand AS h ON h.code = o.code AND h.source = o.source AND h.at >= o.created_at
WHERE o.id < :before AND o.id >= :since AND (o.state = 'failed' OR o.state = 'expired' OR o.state = 'suppressed') AND o.code <> ''
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE o.agency = g.key OR SUBSTR(o.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    AND d.code = o.code AND d.source = o.source
    AND (
        o.state <> 'suppressed'
        OR o.reason = 'no phone number' OR o.reason = 'the phone number is not valid'
        OR o.reason LIKE 'a % number cannot receive our SMS'
    )
    AND (
        o.address IN ('sms:' || d.phone, 'zalophone:' || d.phone, 'sms:', 'zalophone:')
        OR EXISTS (SELECT 1 FROM bindings AS b WHERE b.address = o.address AND b.phone = d.phone)
    )
    AND NOT EXISTS (
        SELECT 1 FROM outbox AS later
        WHERE later.address IN (
            SELECT 'sms:' || d.phone WHERE d.phone <> ''
            UNION ALL SELECT 'zalophone:' || d.phone WHERE d.phone <> ''
            UNION ALL SELECT b.address FROM bindings AS b WHERE b.phone = d.phone AND d.phone <> ''
        )
        AND later.code = o.code AND later.source = o.source
        AND later.state IN ('accepted', 'delivered') AND later.created_at >= o.created_at
        -- Looked for message by message: PostgreSQL would else read the whole outbox once to do it all together.
        LIMIT 1 OFFSET 0
    )
    AND (o.address = 'sms:' OR o.address = 'zalophone:' OR NOT EXISTS (
        SELECT 1 FROM outbox AS newer
        WHERE newer.address = o.address AND newer.id > o.id AND newer.code = o.code AND newer.source = o.source
            AND newer.state IN ('failed', 'expired')
    ))
ORDER BY o.id DESC
LIMIT :most;

-- name: told_by_hand(code, source, way, done_by, at)*!
INSERT INTO told_by_hand (code, source, way, done_by, at) VALUES (:code, :source, :way, :done_by, :at)
ON CONFLICT (code, source) DO UPDATE SET way = excluded.way, done_by = excluded.done_by, at = excluded.at;

-- name: today_drafts(agencies, everywhere, beyond_at, beyond_id, most)
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM apologies
WHERE state = 'draft' AND (old_at, id) > (:beyond_at, :beyond_id)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY old_at, id
LIMIT :most;

-- name: today_apologies(state, agencies, everywhere, beyond_at, beyond_id, most)
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM apologies
WHERE state = :state AND state <> 'draft' AND (old_at, id) < (:beyond_at, :beyond_id)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY old_at DESC, id DESC
LIMIT :most;

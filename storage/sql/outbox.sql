-- name: enqueue(id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, owner)*!
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, owner
) VALUES (
    :id, :dedupe_key, :origin, :channel, :address, :lane, :situation, :text, :source, :code, :parts, :created_at,
    :next_at, :expires_at, :status, :appointment_at, :state, :attempts, :reason, :sent_at, :settled_at,
    :owner
)
ON CONFLICT DO NOTHING;

-- name: planned_before(keys)
SELECT o.dedupe_key
FROM json_each(:keys) AS wanted CROSS JOIN outbox AS o
WHERE o.dedupe_key = wanted.key;

-- name: arrived(ids, owner)
SELECT o.origin, o.channel
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key AND o.owner = :owner;

-- name: plan(origin, planned)*!
INSERT INTO plans (origin, planned) VALUES (:origin, :planned)
ON CONFLICT (origin) DO UPDATE SET planned = plans.planned + excluded.planned;

-- name: supersede(items, kept, reason, at)!
-- CROSS JOIN keeps SQLite from scanning the outbox once for each wanted item.
UPDATE outbox SET state = 'superseded', reason = :reason, settled_at = :at
WHERE state = 'queued' AND id IN (
    SELECT o.id
    FROM json_each(:items) AS newer CROSS JOIN outbox AS o
    WHERE o.source = newer.value ->> 'source'
        AND o.code = newer.value ->> 'code'
        AND o.address = newer.value ->> 'address'
        AND o.origin <> newer.value ->> 'origin'
        AND o.state = 'queued' AND o.code <> ''
        AND o.id NOT IN (SELECT key FROM json_each(:items))
        AND o.situation NOT IN (SELECT key FROM json_each(:kept))
);

-- name: claim(channel, owner, now, lease_until, most)
-- One look-up a lane (bot.model.message.Lane), each in the order of the index outbox_due: what waits for
-- a later moment is never walked through, and a lane is only touched when the better ones have run dry.
WITH due AS MATERIALIZED (
    SELECT id FROM (
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :channel AND lane = 0 AND state = 'queued' AND next_at <= :now AND expires_at > :now
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS replies
        UNION ALL
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :channel AND lane = 1 AND state = 'queued' AND next_at <= :now AND expires_at > :now
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS pushes
        UNION ALL
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :channel AND lane = 2 AND state = 'queued' AND next_at <= :now AND expires_at > :now
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS bulk
    ) AS lanes
    LIMIT :most
)
UPDATE outbox SET
    state = 'sending', owner = :owner, lease_until = :lease_until, attempts = attempts + 1, settled_at = :now
WHERE id IN (SELECT id FROM due)
RETURNING
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at,
    (SELECT d.status FROM dossiers AS d WHERE d.source = outbox.source AND d.code = outbox.code)
        AS standing_status,
    (SELECT d.appointment_at FROM dossiers AS d WHERE d.source = outbox.source AND d.code = outbox.code)
        AS standing_appointment_at;

-- name: lapse(now, requeue, reason)
UPDATE outbox SET
    state = CASE WHEN channel IN (SELECT key FROM json_each(:requeue)) THEN 'queued' ELSE 'uncertain' END,
    next_at = CASE WHEN channel IN (SELECT key FROM json_each(:requeue)) THEN :now ELSE next_at END,
    reason = :reason, settled_at = :now, lease_until = NULL
WHERE state = 'sending' AND lease_until <= :now
RETURNING channel, state;

-- name: expire(now, reason)!
UPDATE outbox SET state = 'expired', reason = :reason, settled_at = :now
WHERE state = 'queued' AND expires_at <= :now;

-- name: expire_held(now, reason)!
UPDATE outbox SET state = 'expired', reason = :reason, settled_at = :now
WHERE state = 'held' AND expires_at <= :now;

-- name: supersede_held(items, kept, reason, at)!
UPDATE outbox SET state = 'superseded', reason = :reason, settled_at = :at
WHERE state = 'held' AND id IN (
    SELECT o.id
    FROM json_each(:items) AS newer CROSS JOIN outbox AS o
    WHERE o.source = newer.value ->> 'source'
        AND o.code = newer.value ->> 'code'
        AND o.address = newer.value ->> 'address'
        AND o.origin <> newer.value ->> 'origin'
        AND o.state = 'held'
        AND o.id NOT IN (SELECT key FROM json_each(:items))
        AND o.situation NOT IN (SELECT key FROM json_each(:kept))
);

-- name: hold(source, since, reason, at)!
-- Only what speaks of a dossier has a source and a code.
UPDATE outbox SET state = 'held', reason = :reason, settled_at = :at
WHERE state = 'queued' AND code <> '' AND source = :source AND created_at >= :since;

-- name: let_go(source, now)
UPDATE outbox SET state = 'queued', reason = '', next_at = :now, settled_at = NULL
WHERE state = 'held' AND source = :source AND expires_at > :now
RETURNING channel;

-- name: discard(source, reason, now)!
UPDATE outbox SET state = 'cancelled', reason = :reason, settled_at = :now
WHERE state = 'held' AND source = :source;

-- name: held()
SELECT source, situation, COUNT(*) AS items
FROM outbox WHERE state = 'held' GROUP BY source, situation ORDER BY source, situation;

-- name: next_due(channel)$
-- What could only be sent after its end is left to `expire`.
SELECT MIN(next_at) FROM (
    SELECT MIN(next_at) AS next_at FROM outbox
    WHERE channel = :channel AND lane = 0 AND state = 'queued' AND next_at < expires_at
    UNION ALL
    SELECT MIN(next_at) FROM outbox
    WHERE channel = :channel AND lane = 1 AND state = 'queued' AND next_at < expires_at
    UNION ALL
    SELECT MIN(next_at) FROM outbox
    WHERE channel = :channel AND lane = 2 AND state = 'queued' AND next_at < expires_at
) AS lanes;

-- name: history(address, after, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at
FROM outbox
WHERE address = :address AND id > :after AND state IN ('accepted', 'delivered')
ORDER BY id
LIMIT :most;

-- name: of_origins(origins)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at
FROM json_each(:origins) AS wanted CROSS JOIN outbox AS o
WHERE o.origin = wanted.key
ORDER BY o.id;

-- name: item(id)^
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at
FROM outbox
WHERE id = :id;

-- name: listed(state, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at
FROM outbox
WHERE state = :state
ORDER BY id
LIMIT :most;

-- name: listed_uncertain(most)
-- Written out, so that the small index of the uncertain ones can be used.
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at
FROM outbox
WHERE state = 'uncertain'
ORDER BY id
LIMIT :most;

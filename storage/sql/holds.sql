-- name: quiet_over(now, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at,
    (SELECT d.status FROM dossiers AS d WHERE d.source = o.source AND d.code = o.code) AS standing_status,
    (SELECT COALESCE(d.promised_at, d.appointment_at) FROM dossiers AS d WHERE d.source = o.source AND d.code = o.code)
        AS standing_appointment_at,
    (SELECT t.heard_at FROM conversations AS t WHERE t.address = o.address) AS heard_at
FROM outbox AS o
WHERE o.state = 'held' AND o.held_for = 'quiet' AND o.next_at <= :now AND o.expires_at > :now
ORDER BY o.address, o.id
LIMIT :most
FOR UPDATE OF o;

-- name: wake_held(ids, now)
UPDATE outbox SET state = 'queued', held_for = '', reason = '', next_at = :now, settled_at = NULL
WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND state = 'held' AND held_for = 'quiet'
RETURNING channel;

-- name: drop_held(items, now)!
-- What an earlier way has taken stays with that.
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'suppressed' END,
    held_for = '', reason = i.value ->> 'why', settled_at = :now
FROM json_each(:items) AS i
WHERE outbox.id = i.key AND outbox.state = 'held'
    /*postgres AND i.key = i.key || '' */;

-- name: fold_held(ids, reason, now)!
UPDATE outbox SET state = 'superseded', held_for = '', reason = :reason, settled_at = :now
WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND state = 'held';

-- name: quiet_held()
SELECT next_at, agency, situation, COUNT(*) AS items
FROM outbox WHERE state = 'held' AND held_for = 'quiet'
GROUP BY next_at, agency, situation
ORDER BY next_at, agency, situation;

-- name: quiet_items(after, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE state = 'held' AND held_for = 'quiet' AND id > :after
ORDER BY id
LIMIT :most;

-- name: cancel_quiet(ids, everything, agency, below, situation, reason, now)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'cancelled' END,
    held_for = '', reason = :reason, settled_at = :now
WHERE state = 'held' AND held_for = 'quiet'
    AND (CAST(:everything AS BIGINT) = 1 OR id IN (SELECT key FROM json_each(:ids)))
    AND (:agency = '' OR agency = :agency OR substr(agency, 1, length(:below)) = :below)
    AND (:situation = '' OR situation = :situation);

-- name: held_attached(ids)
SELECT id, channel, attached FROM outbox
WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND state = 'held' AND held_for = 'quiet'
ORDER BY id
FOR UPDATE;

-- name: hurry(id, attached, now)*!
UPDATE outbox SET
    state = 'queued', held_for = '', reason = '', next_at = :now, settled_at = NULL, attached = :attached
WHERE id = :id AND state = 'held';

-- name: note_bypass(item_id, at, rule, ordered_by)*!
INSERT INTO bypasses (item_id, at, rule, ordered_by) VALUES (:item_id, :at, :rule, :ordered_by)
ON CONFLICT (item_id) DO NOTHING;

-- name: bypasses(since)
SELECT rule, ordered_by, COUNT(*) AS items, MAX(at) AS last_at
FROM bypasses WHERE at >= :since
GROUP BY rule, ordered_by
ORDER BY items DESC, rule, ordered_by;

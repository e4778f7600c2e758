-- name: settle(settlements)!
UPDATE outbox SET
    state = s.value ->> 'state',
    reason = s.value ->> 'reason',
    settled_at = CAST(s.value ->> 'at' AS BIGINT),
    sent_at = CASE
        WHEN (s.value ->> 'state') IN ('accepted', 'delivered')
        THEN COALESCE(outbox.sent_at, CAST(s.value ->> 'at' AS BIGINT))
        ELSE outbox.sent_at
    END,
    next_at = COALESCE(CAST(s.value ->> 'next_at' AS BIGINT), outbox.next_at),
    attempts = outbox.attempts - CAST(s.value ->> 'uncounted' AS BIGINT),
    lease_until = NULL
FROM json_each(:settlements) AS s
WHERE outbox.id = s.key
    AND outbox.owner = s.value ->> 'owner'
    AND outbox.state IN ('sending', 'uncertain');

-- name: add_part(item_id, owner, reference, number, at)*!
INSERT INTO parts (channel, reference, item_id, number, state, at)
SELECT channel, :reference, id, CAST(:number AS BIGINT), 'accepted', CAST(:at AS BIGINT)
FROM outbox
WHERE id = :item_id AND owner = :owner
ON CONFLICT DO NOTHING;

-- name: unpark(references)
DELETE FROM parked
WHERE (channel, reference) IN (
    SELECT o.channel, r.value ->> 'reference'
    FROM json_each(:references) AS r CROSS JOIN outbox AS o
    WHERE o.id = r.value ->> 'item_id' AND o.owner = r.value ->> 'owner'
)
RETURNING channel, reference, item_id, state, reason, at;

-- name: find_items(receipts)
SELECT r.key AS place, o.id AS item_id, 1 AS by_our_id, o.created_at AS at
FROM json_each(:receipts) AS r CROSS JOIN outbox AS o
WHERE o.id = r.value ->> 'item_id'
UNION ALL
SELECT r.key, p.item_id, 0, p.at
FROM json_each(:receipts) AS r CROSS JOIN parts AS p
WHERE p.channel = r.value ->> 'channel' AND p.reference = r.value ->> 'reference';

-- name: lock_items(ids)
SELECT o.id, o.state, o.parts
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key
ORDER BY o.id
FOR UPDATE OF o;

-- name: parts_of(ids)
SELECT p.item_id, p.reference, p.state
FROM json_each(:ids) AS wanted CROSS JOIN parts AS p
WHERE p.item_id = wanted.key
ORDER BY p.item_id, p.number;

-- name: park(channel, reference, item_id, state, reason, at)*!
INSERT INTO parked (channel, reference, item_id, state, reason, at)
VALUES (:channel, :reference, :item_id, :state, :reason, :at)
ON CONFLICT DO NOTHING;

-- name: record_part(channel, reference, item_id, state, at)*!
INSERT INTO parts (channel, reference, item_id, number, state, at)
VALUES (:channel, :reference, :item_id, 0, :state, :at)
ON CONFLICT (channel, reference, item_id) DO UPDATE SET state = excluded.state
WHERE parts.state NOT IN ('delivered', 'failed', 'expired');

-- name: move_items(moves)!
UPDATE outbox SET
    state = m.value ->> 'state',
    reason = m.value ->> 'reason',
    settled_at = CAST(m.value ->> 'at' AS BIGINT),
    sent_at = CASE
        WHEN (m.value ->> 'state') IN ('accepted', 'delivered')
        THEN COALESCE(outbox.sent_at, CAST(m.value ->> 'at' AS BIGINT))
        ELSE outbox.sent_at
    END,
    lease_until = NULL
FROM json_each(:moves) AS m
WHERE outbox.id = m.key
    AND outbox.state NOT IN ('delivered', 'failed', 'expired', 'suppressed', 'superseded', 'cancelled');

-- name: settle(items)!
-- After `lock_items`: whether the item is still the settler's is known, and so is what it was before.
UPDATE outbox SET
    channel = s.value ->> 'channel',
    state = s.value ->> 'state',
    reason = s.value ->> 'reason',
    settled_at = CAST(s.value ->> 'at' AS BIGINT),
    sent_at = CAST(s.value ->> 'sent_at' AS BIGINT),
    next_at = CAST(s.value ->> 'next_at' AS BIGINT),
    attempts = CAST(s.value ->> 'attempts' AS BIGINT),
    held_for = s.value ->> 'held_for',
    carrier = s.value ->> 'carrier',
    cost = CAST(s.value ->> 'cost' AS BIGINT),
    lease_until = NULL
FROM json_each(:items) AS s
WHERE outbox.id = s.key;

-- name: add_part(gateway, reference, item_id, number, at)*!
INSERT INTO parts (channel, reference, item_id, number, state, at)
VALUES (:gateway, :reference, :item_id, :number, 'accepted', :at)
ON CONFLICT DO NOTHING;

-- name: unpark(references)
DELETE FROM parked
WHERE (channel, reference) IN (
    SELECT r.value ->> 'gateway', r.value ->> 'reference' FROM json_each(:references) AS r
)
RETURNING channel, reference, item_id, state, reason, at, carrier, whole;

-- name: find_items(receipts)
SELECT r.key AS place, o.id AS item_id, 1 AS by_our_id, o.created_at AS at
FROM json_each(:receipts) AS r CROSS JOIN outbox AS o
WHERE o.id = r.value ->> 'item_id'
UNION ALL
SELECT r.key, p.item_id, 0, p.at
FROM json_each(:receipts) AS r CROSS JOIN parts AS p
WHERE p.channel = r.value ->> 'channel' AND p.reference = r.value ->> 'reference';

-- name: lock_items(ids)
SELECT
    o.id, o.state, o.parts, o.gateway, o.sent_at, o.address, o.owner, o.cost, o.agency, o.channel, o.attempts,
    o.next_at, o.carrier, o.held_for, o.attached
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key
ORDER BY o.id
FOR UPDATE OF o;

-- name: parts_of(ids)
SELECT p.item_id, p.reference, p.state, p.number
FROM json_each(:ids) AS wanted CROSS JOIN parts AS p
WHERE p.item_id = wanted.key
ORDER BY p.item_id, p.number;

-- name: park(channel, reference, item_id, state, reason, at, carrier, whole)*!
INSERT INTO parked (channel, reference, item_id, state, reason, at, carrier, whole)
VALUES (:channel, :reference, :item_id, :state, :reason, :at, :carrier, :whole)
ON CONFLICT DO NOTHING;

-- name: record_part(channel, reference, item_id, state, at)*!
INSERT INTO parts (channel, reference, item_id, number, state, at)
VALUES (:channel, :reference, :item_id, 0, :state, :at)
ON CONFLICT (channel, reference, item_id) DO UPDATE SET state = excluded.state
WHERE parts.state NOT IN ('delivered', 'failed', 'expired');

-- name: move_items(moves)
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
    AND outbox.state NOT IN ('delivered', 'failed', 'expired', 'suppressed', 'superseded', 'cancelled')
RETURNING id;

-- name: name_carrier(id, carrier)*!
UPDATE outbox SET carrier = :carrier WHERE id = :id;

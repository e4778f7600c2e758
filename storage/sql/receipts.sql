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
    paid_way = CAST(s.value ->> 'paid_way' AS BIGINT),
    fallback_at = CAST(s.value ->> 'fallback_at' AS BIGINT),
    lease_until = NULL
FROM json_each(:items) AS s
WHERE outbox.id = s.key;

-- name: pay_late(cost, paid_way, id)*!
UPDATE outbox SET cost = :cost, paid_way = :paid_way WHERE id = :id;

-- name: add_part(gateway, reference, item_id, number, at, way)*!
INSERT INTO parts (channel, reference, item_id, number, state, at, way)
VALUES (:gateway, :reference, :item_id, :number, 'accepted', :at, :way)
ON CONFLICT DO NOTHING;

-- name: unpark(references)
DELETE FROM parked
WHERE (channel, reference) IN (
    SELECT r.value ->> 'gateway', r.value ->> 'reference' FROM json_each(:references) AS r
)
RETURNING channel, reference, item_id, state, reason, at, carrier, whole, seen;

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
    o.id, o.lane, o.state, o.parts, o.gateway, o.sent_at, o.address, o.owner, o.cost, o.agency, o.channel, o.attempts,
    o.next_at, o.carrier, o.held_for, o.attached, o.way, o.paid_way, o.fallback_at, o.settled_at, o.source, o.code
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key
ORDER BY o.id
FOR UPDATE OF o;

-- name: parts_of(ids)
SELECT p.item_id, p.reference, p.state, p.number, p.way, p.channel, p.at
FROM json_each(:ids) AS wanted CROSS JOIN parts AS p
WHERE p.item_id = wanted.key
ORDER BY p.item_id, p.number;

-- name: park(channel, reference, item_id, state, reason, at, carrier, whole, seen)*!
-- That it is there and that it was opened are two receipts of one state.
INSERT INTO parked (channel, reference, item_id, state, reason, at, carrier, whole, seen)
VALUES (:channel, :reference, :item_id, :state, :reason, :at, :carrier, :whole, :seen)
ON CONFLICT (channel, reference, item_id, state) DO UPDATE SET seen = 1 WHERE excluded.seen = 1;

-- name: record_part(channel, reference, item_id, state, at, way)*!
INSERT INTO parts (channel, reference, item_id, number, state, at, way)
VALUES (:channel, :reference, :item_id, 0, :state, :at, :way)
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
    fallback_at = CASE WHEN (m.value ->> 'state') = 'accepted' THEN outbox.fallback_at END,
    lease_until = NULL
FROM json_each(:moves) AS m
WHERE outbox.id = m.key
    AND outbox.state NOT IN ('delivered', 'failed', 'expired', 'suppressed', 'superseded', 'cancelled')
RETURNING id;

-- name: note_seen(id, at)*!
UPDATE outbox SET seen_at = :at WHERE id = :id AND seen_at IS NULL;

-- name: name_carrier(id, carrier)*!
UPDATE outbox SET carrier = :carrier WHERE id = :id;

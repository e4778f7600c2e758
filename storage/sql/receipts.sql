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
WHERE outbox.id = s.key
    /*postgres AND s.key = s.key || '' */;

-- name: settle_late(cost, paid_way, sent_at, id)*!
UPDATE outbox SET cost = :cost, paid_way = :paid_way, sent_at = :sent_at WHERE id = :id;

-- name: add_part(gateway, reference, item_id, number, at, way)*!
INSERT INTO parts (channel, reference, item_id, number, at, way, state)
/*sqlite VALUES (:gateway, :reference, :item_id, :number, :at, :way, 'accepted') */
/*postgres SELECT g.*, 'accepted' FROM unnest(
    CAST(:gateway AS TEXT[]), CAST(:reference AS TEXT[]), CAST(:item_id AS TEXT[]), CAST(:number AS BIGINT[]),
    CAST(:at AS BIGINT[]), CAST(:way AS BIGINT[])
) AS g */
ON CONFLICT DO NOTHING;

-- name: number_part(number, gateway, reference, item_id)*!
-- Of a part that a receipt has told of before the answer did.
UPDATE parts SET number = :number
WHERE channel = :gateway AND reference = :reference AND item_id = :item_id AND number = 0;

-- name: unpark(references)
DELETE FROM parked
WHERE (channel, reference) IN (
    SELECT r.value ->> 'gateway', r.value ->> 'reference' FROM json_each(:references) AS r
)
RETURNING channel, reference, item_id, state, reason, at, carrier, whole, seen;

-- name: find_items(receipts, recent)
-- A reference may be in any month: PostgreSQL looks into the last ones first, see storage.receipts. `(SELECT …)` keeps
-- it from planning anew for each bound; `OFFSET 0`, here and in `arrivals`, from reading all parts of a month that it
-- takes for empty, since the bound is enough to find them.
SELECT r.key AS place, o.id AS item_id, 1 AS by_our_id, o.created_at AS at
FROM json_each(:receipts) AS r CROSS JOIN outbox AS o
WHERE o.id = r.value ->> 'item_id'
    /*postgres AND r.key = r.key || '' */
UNION ALL
SELECT r.key, p.item_id, 0, p.at
FROM json_each(:receipts) AS r
/*sqlite CROSS JOIN parts AS p
WHERE p.channel = r.value ->> 'channel' AND p.reference = r.value ->> 'reference' AND :recent IS NOT NULL */
/*postgres CROSS JOIN LATERAL (
    SELECT item_id, at FROM parts
    WHERE channel = r.value ->> 'channel' AND reference = r.value ->> 'reference'
        AND item_id >= (SELECT CAST(:recent AS TEXT)) OFFSET 0
) AS p
WHERE r.key = r.key || '' */;

-- name: lock_items(ids)
SELECT
    o.id, o.lane, o.state, o.parts, o.gateway, o.sent_at, o.address, o.owner, o.cost, o.agency, o.channel, o.attempts,
    o.next_at, o.carrier, o.held_for, o.attached, o.way, o.paid_way, o.fallback_at, o.settled_at, o.source, o.code
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY o.id
FOR UPDATE OF o;

-- name: parts_of(ids)
SELECT p.item_id, p.reference, p.state, p.number, p.way, p.channel, p.at
FROM json_each(:ids) AS wanted
CROSS JOIN parts AS p
WHERE p.item_id = wanted.key
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY p.item_id, p.number;

-- name: park(channel, reference, item_id, state, reason, at, carrier, whole, seen)*!
-- That it is there and that it was opened are two receipts of one state.
INSERT INTO parked (channel, reference, item_id, state, reason, at, carrier, whole, seen)
VALUES (:channel, :reference, :item_id, :state, :reason, :at, :carrier, :whole, :seen)
ON CONFLICT (channel, reference, item_id, state) DO UPDATE SET seen = 1 WHERE excluded.seen = 1;

-- name: forget_parked(before)!
DELETE FROM parked WHERE at < :before;

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
    /*postgres AND m.key = m.key || '' */
    AND outbox.state NOT IN ('delivered', 'failed', 'expired', 'suppressed', 'superseded', 'cancelled')
RETURNING id;

-- name: note_seen(id, at)*!
UPDATE outbox SET seen_at = :at WHERE id = :id AND seen_at IS NULL;

-- name: name_carrier(id, carrier)*!
UPDATE outbox SET carrier = :carrier WHERE id = :id;

-- name: settle_ordinary(items, owner, state, cost)
-- What was claimed by this owner, is on its first way and, where it costs anything, is not paid for yet.
UPDATE outbox SET
    state = :state,
    reason = '',
    settled_at = CAST(CAST(s.value AS TEXT) AS BIGINT),
    sent_at = COALESCE(outbox.sent_at, CAST(CAST(s.value AS TEXT) AS BIGINT)),
    held_for = '',
    cost = COALESCE(CAST(:cost AS BIGINT), outbox.cost),
    paid_way = CASE WHEN CAST(:cost AS BIGINT) IS NULL THEN outbox.paid_way ELSE 0 END,
    fallback_at = NULL,
    lease_until = NULL
FROM json_each(:items) AS s
WHERE outbox.id = s.key
    /*postgres AND s.key = s.key || '' */
    AND outbox.owner = :owner
    AND outbox.state IN ('sending', 'uncertain')
    AND outbox.way = 0
    AND (CAST(:cost AS BIGINT) IS NULL OR (outbox.cost IS NULL AND outbox.sent_at IS NULL))
RETURNING
    outbox.id, outbox.gateway, outbox.agency, outbox.lane, outbox.next_at, outbox.attempts, outbox.parts,
    outbox.source, outbox.code;

-- name: parked_any()
SELECT 1 AS found FROM parked WHERE channel >= '' ORDER BY channel LIMIT 1;

-- name: arrivals(channel, parts, recent)
-- Parts by the provider's references, and whether their message is one part on its first way that waits for this.
SELECT
    p.reference, o.id, o.gateway, o.sent_at,
    CASE WHEN
        o.state IN ('sending', 'accepted', 'uncertain') AND o.way = 0 AND p.way = 0 AND p.state = 'accepted'
        AND o.parts = 1 AND o.held_for = ''
        AND NOT EXISTS (SELECT 1 FROM parts AS q WHERE q.item_id = p.item_id AND q.reference <> p.reference)
    THEN 1 ELSE 0 END AS is_ordinary
FROM json_each(:parts) AS wanted
CROSS JOIN /*sqlite parts AS p */ /*postgres LATERAL (
    SELECT * FROM parts
    WHERE channel = :channel AND reference = wanted.key AND item_id >= (SELECT CAST(:recent AS TEXT)) OFFSET 0
) AS p */
CROSS JOIN outbox AS o
WHERE o.id = p.item_id
    /*sqlite AND p.channel = :channel AND p.reference = wanted.key AND :recent IS NOT NULL */
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY o.id
FOR UPDATE OF o;

-- name: arrive_part(channel, reference, item_id)*!
UPDATE parts SET state = 'delivered'
/*sqlite WHERE channel = :channel AND reference = :reference AND item_id = :item_id */
/*postgres FROM unnest(
    CAST(:channel AS TEXT[]), CAST(:reference AS TEXT[]), CAST(:item_id AS TEXT[])
) AS g (channel, reference, item_id)
WHERE parts.channel = g.channel AND parts.reference = g.reference AND parts.item_id = g.item_id
    AND g.item_id = g.item_id || '' */;

-- name: arrive_item(reason, at, sent_at, id)*!
UPDATE outbox SET
    state = 'delivered', fallback_at = NULL, lease_until = NULL,
    /*sqlite reason = :reason, settled_at = :at, sent_at = COALESCE(sent_at, :sent_at)
WHERE id = :id */
    /*postgres reason = g.reason, settled_at = g.at, sent_at = COALESCE(outbox.sent_at, g.sent_at)
FROM unnest(
    CAST(:reason AS TEXT[]), CAST(:at AS BIGINT[]), CAST(:sent_at AS BIGINT[]), CAST(:id AS TEXT[])
) AS g (reason, at, sent_at, id)
WHERE outbox.id = g.id AND g.id = g.id || '' */;

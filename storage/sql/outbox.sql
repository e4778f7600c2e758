-- name: enqueue(id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route, sender, gateway, carrier, cost, attached, owner)*!
-- On PostgreSQL a key is unique over all months by a table of its own, and a batch is one statement. `IS TRUE` has the
-- new keys looked up in a hash; as a join they would be gone through for each message.
/*postgres
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:id AS TEXT[]), CAST(:dedupe_key AS TEXT[]), CAST(:origin AS TEXT[]), CAST(:channel AS TEXT[]),
        CAST(:address AS TEXT[]), CAST(:lane AS BIGINT[]), CAST(:situation AS TEXT[]), CAST(:text AS TEXT[]),
        CAST(:source AS TEXT[]), CAST(:code AS TEXT[]), CAST(:parts AS BIGINT[]), CAST(:created_at AS BIGINT[]),
        CAST(:next_at AS BIGINT[]), CAST(:expires_at AS BIGINT[]), CAST(:status AS BIGINT[]), CAST(:appointment_at
        AS BIGINT[]), CAST(:state AS TEXT[]), CAST(:attempts AS BIGINT[]), CAST(:reason AS TEXT[]), CAST(:sent_at AS
        BIGINT[]), CAST(:settled_at AS BIGINT[]), CAST(:agency AS TEXT[]), CAST(:route AS TEXT[]), CAST(:sender AS
        TEXT[]), CAST(:gateway AS TEXT[]), CAST(:carrier AS TEXT[]), CAST(:cost AS BIGINT[]), CAST(:attached AS
        TEXT[]), CAST(:owner AS TEXT[])
    ) AS given (
        id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
        expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route, sender,
        gateway, carrier, cost, attached, owner
    )
),
fresh AS (
    INSERT INTO outbox_keys (dedupe_key, id) SELECT dedupe_key, id FROM wanted
    ON CONFLICT DO NOTHING
    RETURNING dedupe_key
)
*/
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route, sender,
    gateway, carrier, cost, attached, owner
)
/*postgres
SELECT
    w.id, w.dedupe_key, w.origin, w.channel, w.address, w.lane, w.situation, w.text, w.source, w.code, w.parts,
    w.created_at, w.next_at, w.expires_at, w.status, w.appointment_at, w.state, w.attempts, w.reason, w.sent_at,
    w.settled_at, w.agency, w.route, w.sender, w.gateway, w.carrier, w.cost, w.attached, w.owner
FROM wanted AS w
WHERE (w.dedupe_key IN (SELECT dedupe_key FROM fresh)) IS TRUE
*/
/*sqlite
VALUES (
    :id, :dedupe_key, :origin, :channel, :address, :lane, :situation, :text, :source, :code, :parts, :created_at,
    :next_at, :expires_at, :status, :appointment_at, :state, :attempts, :reason, :sent_at, :settled_at, :agency,
    :route, :sender, :gateway, :carrier, :cost, :attached, :owner
)
*/
ON CONFLICT DO NOTHING;

-- name: enqueue_one(id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route, sender, gateway, carrier, cost, attached, owner)
-- `enqueue` for a single message, which says by its row whether it arrived.
/*postgres
WITH fresh AS (
    INSERT INTO outbox_keys (dedupe_key, id) VALUES (:dedupe_key, :id) ON CONFLICT DO NOTHING RETURNING id
)
*/
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route, sender,
    gateway, carrier, cost, attached, owner
)
/*sqlite VALUES ( */ /*postgres SELECT */
    :id, :dedupe_key, :origin, :channel, :address, :lane, :situation, :text, :source, :code, :parts, :created_at,
    :next_at, :expires_at, :status, :appointment_at, :state, :attempts, :reason, :sent_at, :settled_at, :agency,
    :route, :sender, :gateway, :carrier, :cost, :attached, :owner
/*sqlite ) */ /*postgres FROM fresh */
ON CONFLICT DO NOTHING
RETURNING origin, channel;

-- name: planned_before(keys)
-- `key = key || ''`, here and elsewhere: so PostgreSQL takes the list for a short one, and looks each of its members up in
-- the index of each month. By its own guess, 100, it would read all months from end to end while they are small.
-- The key of a message that its twin of the same id has kept out does not count.
SELECT o.dedupe_key
FROM json_each(:keys) AS wanted
/*postgres CROSS JOIN outbox_keys AS k */ CROSS JOIN outbox AS o
WHERE /*postgres k.dedupe_key = wanted.key AND o.id = k.id AND */ o.dedupe_key = wanted.key
    /*postgres AND wanted.key = wanted.key || '' */;

-- name: arrived(ids, owner)
SELECT o.origin, o.channel
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key AND o.owner = :owner
    /*postgres AND wanted.key = wanted.key || '' */;

-- name: plan(origin, planned)*!
INSERT INTO plans (origin, planned)
/*sqlite VALUES (:origin, :planned) */
/*postgres SELECT * FROM unnest(CAST(:origin AS TEXT[]), CAST(:planned AS BIGINT[])) */
ON CONFLICT (origin) DO UPDATE SET planned = plans.planned + excluded.planned;

-- name: supersede(items, kept, reason, at)!
-- Here and below: what an earlier way has taken, and may have brought to its reader, is not unsent.
-- CROSS JOIN keeps SQLite from scanning the outbox once for each wanted item.
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'superseded' END,
    reason = :reason, settled_at = :at
WHERE state = 'queued' AND id IN (
    SELECT o.id
    FROM json_each(:items) AS newer CROSS JOIN outbox AS o
    WHERE o.source = newer.value ->> 'source'
        AND o.code = newer.value ->> 'code'
        AND o.address = newer.value ->> 'address'
        AND o.origin <> newer.value ->> 'origin'
        AND o.state = 'queued' AND o.code <> ''
        /*postgres AND newer.key = newer.key || '' */
        AND o.id NOT IN (SELECT key FROM json_each(:items))
        AND o.situation NOT IN (SELECT key FROM json_each(:kept))
);

-- name: due(queues, now)
-- One look-up a queue and lane in the index outbox_due, whatever waits behind; as in `claim`, a lane is only touched
-- when the better ones are dry.
WITH firsts AS MATERIALIZED (
    SELECT wanted.key AS queue, COALESCE(
        (
            SELECT o.id FROM outbox AS o
            WHERE o.channel = wanted.key AND o.lane = 0 AND o.state = 'queued' AND o.next_at <= :now AND o.expires_at > :now
            ORDER BY o.next_at, o.id LIMIT 1
        ),
        (
            SELECT o.id FROM outbox AS o
            WHERE o.channel = wanted.key AND o.lane = 1 AND o.state = 'queued' AND o.next_at <= :now AND o.expires_at > :now
            ORDER BY o.next_at, o.id LIMIT 1
        ),
        (
            SELECT o.id FROM outbox AS o
            WHERE o.channel = wanted.key AND o.lane = 2 AND o.state = 'queued' AND o.next_at <= :now AND o.expires_at > :now
            ORDER BY o.next_at, o.id LIMIT 1
        )
    ) AS id
    FROM json_each(:queues) AS wanted
)
SELECT firsts.queue, o.lane, o.next_at
FROM firsts CROSS JOIN outbox AS o
WHERE o.id = firsts.id
    /*postgres AND firsts.id = firsts.id || '' */;

-- name: claim(queue, gateway, owner, now, lease_until, lanes, most)
-- One look-up a lane (bot.model.message.Lane), each in the order of the index outbox_due: what waits for
-- a later moment is never walked through, and a lane is only touched when the better ones have run dry. Only lanes
-- below `lanes` are looked at.
-- A push or a broadcast waits while another one to the same address is under way (outbox_under_way); PostgreSQL, which
-- would have to look into every month for each of them, reads what is under way once (outbox_leases).
WITH /*postgres under_way AS MATERIALIZED (
    SELECT address FROM outbox WHERE state = 'sending' AND lane > 0
), */
due AS MATERIALIZED (
    SELECT id FROM (
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :queue AND lane = 0 AND state = 'queued' AND next_at <= :now AND expires_at > :now
                AND :lanes > 0
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS replies
        UNION ALL
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :queue AND lane = 1 AND state = 'queued' AND next_at <= :now AND expires_at > :now
                AND :lanes > 1
                AND /*sqlite NOT EXISTS (
                    SELECT 1 FROM outbox AS o WHERE o.address = outbox.address AND o.state = 'sending' AND o.lane > 0
                ) */ /*postgres address NOT IN (SELECT address FROM under_way) */
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS pushes
        UNION ALL
        SELECT id FROM (
            SELECT id FROM outbox
            WHERE channel = :queue AND lane = 2 AND state = 'queued' AND next_at <= :now AND expires_at > :now
                AND :lanes > 2
                AND /*sqlite NOT EXISTS (
                    SELECT 1 FROM outbox AS o WHERE o.address = outbox.address AND o.state = 'sending' AND o.lane > 0
                ) */ /*postgres address NOT IN (SELECT address FROM under_way) */
            ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS bulk
    ) AS lanes
    LIMIT :most
)
UPDATE outbox SET
    state = 'sending', owner = :owner, lease_until = :lease_until, attempts = attempts + 1, settled_at = :now,
    gateway = :gateway
WHERE id IN (SELECT id FROM due /*postgres WHERE id = id || '' */)
RETURNING
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at, held_for,
    (SELECT d.status FROM dossiers AS d WHERE d.source = outbox.source AND d.code = outbox.code)
        AS standing_status,
    (SELECT COALESCE(d.promised_at, d.appointment_at) FROM dossiers AS d WHERE d.source = outbox.source AND d.code = outbox.code)
        AS standing_appointment_at,
    (SELECT c.carrier FROM carriers AS c WHERE c.address = outbox.address) AS known_carrier,
    (SELECT d.since FROM do_not_send AS d WHERE d.address = outbox.address) AS unwanted_since,
    (SELECT t.heard_at FROM conversations AS t WHERE t.address = outbox.address) AS heard_at,
    (SELECT s.cost FROM dossier_spending AS s WHERE s.source = outbox.source AND s.code = outbox.code) AS dossier_cost,
    CASE WHEN situation = 'broadcast' THEN (
        SELECT b.state FROM broadcasts AS b WHERE b.origins = RTRIM(outbox.origin, '0123456789')
    ) END AS broadcast_state;

-- name: lapse(now, requeue, reason)
UPDATE outbox SET
    state = CASE WHEN gateway IN (SELECT key FROM json_each(:requeue)) THEN 'queued' ELSE 'uncertain' END,
    channel = CASE WHEN gateway IN (SELECT key FROM json_each(:requeue)) THEN gateway ELSE channel END,
    next_at = CASE WHEN gateway IN (SELECT key FROM json_each(:requeue)) THEN :now ELSE next_at END,
    held_for = CASE WHEN gateway IN (SELECT key FROM json_each(:requeue)) THEN 'repetition' ELSE held_for END,
    reason = :reason, settled_at = :now, lease_until = NULL
WHERE state = 'sending' AND lease_until <= :now
RETURNING channel, state, gateway;

-- name: hand_back(owner, gateway, besides, at)
-- What nobody has in hand goes back as it was; a repetition stays one.
UPDATE outbox SET
    state = 'queued', attempts = attempts - 1, reason = 'handed back', settled_at = :at, lease_until = NULL
WHERE state = 'sending' AND owner = :owner AND gateway = :gateway
    AND id NOT IN (SELECT key FROM json_each(:besides))
RETURNING channel;

-- name: hand_back_lapsed(owner, gateway, besides, at, reason)
-- The same, where the lease was over before the database could be asked again.
UPDATE outbox SET
    state = 'queued', attempts = attempts - 1, reason = 'handed back', settled_at = :at, lease_until = NULL
WHERE state = 'uncertain' AND owner = :owner AND gateway = :gateway AND reason = :reason
    AND id NOT IN (SELECT key FROM json_each(:besides))
RETURNING channel;

-- name: expire(now, reason)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'expired' END,
    reason = :reason, settled_at = :now
WHERE state = 'queued' AND expires_at <= :now;

-- name: expire_held(now, reason)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'expired' END,
    reason = :reason, settled_at = :now
WHERE state = 'held' AND expires_at <= :now;

-- name: supersede_held(items, kept, reason, at)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'superseded' END,
    reason = :reason, settled_at = :at
WHERE state = 'held' AND id IN (
    SELECT o.id
    FROM json_each(:items) AS newer CROSS JOIN outbox AS o
    WHERE o.source = newer.value ->> 'source'
        AND o.code = newer.value ->> 'code'
        AND o.address = newer.value ->> 'address'
        AND o.origin <> newer.value ->> 'origin'
        AND o.state = 'held'
        /*postgres AND newer.key = newer.key || '' */
        AND o.id NOT IN (SELECT key FROM json_each(:items))
        AND o.situation NOT IN (SELECT key FROM json_each(:kept))
);

-- name: hold(source, since, reason, at)!
-- Only what speaks of a dossier has a source and a code.
UPDATE outbox SET state = 'held', held_for = '', reason = :reason, settled_at = :at
WHERE state = 'queued' AND code <> '' AND source = :source AND created_at >= :since;

-- name: hold_of_budget(source, since, reason, at)!
-- Neither a new month's budget nor the morning must let out what the brake is for.
UPDATE outbox SET held_for = '', reason = :reason, settled_at = :at
WHERE state = 'held' AND held_for IN ('budget', 'quiet') AND source = :source AND created_at >= :since;

-- name: let_go(source, now)
UPDATE outbox SET state = 'queued', reason = '', next_at = :now, settled_at = NULL
WHERE state = 'held' AND held_for = '' AND source = :source AND expires_at > :now
RETURNING channel;

-- name: discard(source, reason, now)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'cancelled' END,
    reason = :reason, settled_at = :now
WHERE state = 'held' AND held_for = '' AND source = :source;

-- name: held()
SELECT source, situation, COUNT(*) AS items
FROM outbox WHERE state = 'held' AND held_for = '' GROUP BY source, situation ORDER BY source, situation;

-- name: release_budget(agencies, now)
UPDATE outbox SET state = 'queued', held_for = '', reason = '', next_at = :now, settled_at = NULL
WHERE state = 'held' AND held_for = 'budget' AND expires_at > :now
    AND agency IN (SELECT key FROM json_each(:agencies))
RETURNING channel;

-- name: held_for_budget()
SELECT agency, COUNT(*) AS items
FROM outbox WHERE state = 'held' AND held_for = 'budget' GROUP BY agency ORDER BY agency;

-- name: orphans(known, scheme)
-- Jumps from queue to queue in the index outbox_due; looks at messages only where a queue is unknown.
WITH RECURSIVE waiting (queue) AS (
    SELECT MIN(channel) FROM outbox WHERE state = 'queued'
    UNION ALL
    SELECT (SELECT MIN(o.channel) FROM outbox AS o WHERE o.state = 'queued' AND o.channel > waiting.queue)
    FROM waiting
    WHERE waiting.queue IS NOT NULL
)
SELECT waiting.queue
FROM waiting
WHERE waiting.queue NOT IN (SELECT key FROM json_each(:known)) AND EXISTS (
    SELECT 1 FROM outbox AS o
    WHERE o.state = 'queued' AND o.channel = waiting.queue AND substr(o.address, 1, length(:scheme)) = :scheme
)
UNION
SELECT channel FROM outbox
WHERE state = 'held' AND channel NOT IN (SELECT key FROM json_each(:known))
    AND substr(address, 1, length(:scheme)) = :scheme;

-- name: waiting_with_ways(queue, most)
-- What may have been sent already stays where it can be repeated.
SELECT id, address, attached, gateway, held_for, way, sent_at FROM outbox
WHERE channel = :queue AND state = 'queued' AND attached LIKE '%"ways":%' AND held_for <> 'repetition'
ORDER BY id LIMIT :most FOR UPDATE;

-- name: take_way(channel, address, text, parts, route, attached, reason, at, sent_at, id, left)*!
-- After its row was locked; `left` is the way that it leaves.
UPDATE outbox SET
    channel = :channel, address = :address, text = :text, parts = :parts, route = :route, attached = :attached,
    reason = :reason, next_at = :at, settled_at = :at, sent_at = :sent_at, state = 'queued', way = way + 1,
    held_for = '', fallback_at = NULL, lease_until = NULL
WHERE id = :id AND way = :left;

-- name: overdue(now, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at,
    (SELECT d.status FROM dossiers AS d WHERE d.source = o.source AND d.code = o.code) AS standing_status,
    (SELECT COALESCE(d.promised_at, d.appointment_at) FROM dossiers AS d WHERE d.source = o.source AND d.code = o.code)
        AS standing_appointment_at
FROM outbox AS o
WHERE o.state = 'accepted' AND o.fallback_at IS NOT NULL AND o.fallback_at <= :now
ORDER BY o.fallback_at
LIMIT :most
FOR UPDATE OF o SKIP LOCKED;

-- name: newer(items)
-- What came after these about the same dossier: to the addresses on their ways; and by the changes that followed,
-- for somebody who has bound another chat since.
SELECT wanted.key AS item_id, n.id, n.situation, n.address, n.attached
FROM json_each(:items) AS wanted CROSS JOIN json_each(wanted.value -> 'addresses') AS a CROSS JOIN outbox AS n
WHERE n.address = a.key AND n.id > wanted.key AND n.source = wanted.value ->> 'source'
    AND n.code = wanted.value ->> 'code' AND n.state NOT IN ('suppressed', 'cancelled')
UNION
SELECT wanted.key, n.id, n.situation, n.address, n.attached
FROM json_each(:items) AS wanted CROSS JOIN changes AS c CROSS JOIN outbox AS n
WHERE c.source = wanted.value ->> 'source' AND c.code = wanted.value ->> 'code'
    AND n.origin = 'change:' || c.source || ':' || c.code || ':' || c.number
    AND n.id > wanted.key AND n.state NOT IN ('suppressed', 'cancelled');

-- name: accepted_with_ways(ids)
SELECT o.id, o.address, o.attached, o.gateway, o.held_for, o.way, o.sent_at
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key AND o.state = 'accepted' AND o.attached LIKE '%"ways":%'
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY o.id
FOR UPDATE OF o;

-- name: stay(items)!
UPDATE outbox SET fallback_at = NULL, held_for = '', reason = s.value ->> 'why'
FROM json_each(:items) AS s
WHERE outbox.id = s.key AND outbox.state = 'accepted'
    /*postgres AND s.key = s.key || '' */;

-- name: call_off(address, reason, now)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'cancelled' END,
    reason = :reason, settled_at = :now
WHERE address = :address AND state IN ('queued', 'held') AND code <> '';

-- name: requeue(queue, target)!
UPDATE outbox SET channel = :target WHERE state = 'queued' AND channel = :queue AND held_for <> 'repetition';

-- name: abandon(queue, reason, now)!
-- What may have been sent by a gateway that is no longer there to be asked.
UPDATE outbox SET state = 'uncertain', reason = :reason, settled_at = :now, held_for = ''
WHERE state = 'queued' AND channel = :queue AND held_for = 'repetition';

-- name: requeue_held(queue, target)!
UPDATE outbox SET channel = :target WHERE state = 'held' AND channel = :queue;

-- name: next_due(queues)$
-- What could only be sent after its end is left to `expire`.
SELECT MIN(next_at) FROM (
    SELECT (
        SELECT MIN(o.next_at) FROM outbox AS o
        WHERE o.channel = wanted.key AND o.lane = lanes.lane AND o.state = 'queued' AND o.next_at < o.expires_at
    ) AS next_at
    FROM json_each(:queues) AS wanted
    CROSS JOIN (SELECT 0 AS lane UNION ALL SELECT 1 UNION ALL SELECT 2) AS lanes
) AS firsts;

-- name: history(address, after, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE address = :address AND id > :after AND state IN ('accepted', 'delivered')
ORDER BY id
LIMIT :most;

-- name: of_origins(origins)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM json_each(:origins) AS wanted CROSS JOIN outbox AS o
WHERE o.origin = wanted.key
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY o.id;

-- name: item(id)^
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE id = :id;

-- name: listed(state, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE state = :state
ORDER BY id
LIMIT :most;

-- name: listed_uncertain(most)
-- Written out, so that the small index of the uncertain ones can be used.
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE state = 'uncertain'
ORDER BY id
LIMIT :most;

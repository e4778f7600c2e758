-- name: doubt(source)^
SELECT source, taken_at, restored_at, policy, ends_by_itself FROM restore_doubts
WHERE source = :source AND ended_at IS NULL;

-- name: doubts()
SELECT source, taken_at, restored_at, policy, ends_by_itself FROM restore_doubts WHERE ended_at IS NULL ORDER BY source;

-- name: doubt_open(source, taken_at, restored_at, policy, ends_by_itself)*!
INSERT INTO restore_doubts (source, taken_at, restored_at, policy, ends_by_itself)
VALUES (:source, :taken_at, :restored_at, :policy, :ends_by_itself)
ON CONFLICT (source) DO UPDATE SET
    taken_at = CASE
        WHEN restore_doubts.ended_at IS NULL AND restore_doubts.taken_at < excluded.taken_at
        THEN restore_doubts.taken_at ELSE excluded.taken_at
    END,
    restored_at = excluded.restored_at, policy = excluded.policy, ends_by_itself = excluded.ends_by_itself,
    ended_at = NULL;

-- name: doubt_close(source, at)!
UPDATE restore_doubts SET ended_at = :at WHERE source = :source AND ended_at IS NULL;

-- name: doubt_revision(source)!
-- Whoever mirrors the source looks again.
UPDATE sources SET revision = revision + 1 WHERE name = :source;

-- name: hold_back(ids)!
UPDATE outbox SET held_for = 'restored'
WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND state = 'held';

-- name: unsettled(besides)
SELECT state, COUNT(*) AS items FROM outbox
WHERE state IN ('queued', 'sending', 'held') AND channel NOT IN (SELECT key FROM json_each(:besides))
GROUP BY state;

-- name: unsettle(besides, reason, now)!
-- The words `"ways":` stand in `attached` only where a way is left; under another name nobody takes it.
UPDATE outbox SET
    state = 'uncertain', held_for = 'restored', reason = :reason, settled_at = :now, lease_until = NULL,
    fallback_at = NULL, attached = REPLACE(attached, '"ways":', '"ways_barred":')
WHERE state IN ('queued', 'sending', 'held') AND channel NOT IN (SELECT key FROM json_each(:besides));

-- name: bar_ways(reason)!
UPDATE outbox SET
    fallback_at = NULL, attached = REPLACE(attached, '"ways":', '"ways_barred":'),
    reason = CASE WHEN state = 'accepted' THEN :reason ELSE reason END
WHERE state IN ('accepted', 'uncertain') AND attached LIKE '%"ways":%';

-- name: forget_staff_sessions()!
DELETE FROM staff_sessions;

-- name: forget_staff_invitations()!
DELETE FROM staff_invitations;

-- name: forget_invitations()!
DELETE FROM invitations;

-- name: forget_one_time_codes()!
DELETE FROM one_time_codes;

-- name: forget_heartbeats()!
DELETE FROM heartbeats;

-- name: forget_shares()!
DELETE FROM shares;

-- name: free_leases()!
-- The rows stay, for their numbers.
UPDATE leases SET until = 0 WHERE until > 0;

-- name: raise_numbers(day, numbers)!
INSERT INTO numbers (prefix, day, last)
SELECT DISTINCT prefix, CAST(:day AS TEXT), CAST(:numbers AS BIGINT) FROM numbers WHERE day <> ''
ON CONFLICT (prefix, day) DO UPDATE SET last = numbers.last + excluded.last;

-- name: old_vaults()
-- What was kept before the return came from the backup.
SELECT name FROM vaults WHERE kept_at < (SELECT MAX(restored_at) FROM restore_doubts) ORDER BY name;

-- name: living(now, since)
SELECT owner FROM leases WHERE until > :now
UNION
SELECT owner FROM heartbeats WHERE at > :since
ORDER BY 1;

-- name: doubtful()
-- Not as a list: so the small indexes of what is held and what is uncertain can be used.
SELECT state, channel, source, situation, COUNT(*) AS items, MAX(expires_at) AS until
FROM outbox
WHERE (state = 'held' OR state = 'uncertain') AND held_for = 'restored'
GROUP BY state, channel, source, situation
ORDER BY state, channel, source, situation;

-- name: doubtful_items(after, most)
SELECT
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at,
    next_at, expires_at, status, appointment_at, state, attempts, reason, sent_at, settled_at, agency, route,
    sender, gateway, carrier, cost, attached, way, fallback_at, seen_at
FROM outbox
WHERE (state = 'held' OR state = 'uncertain') AND held_for = 'restored' AND id > :after
ORDER BY id
LIMIT :most;

-- name: release_doubtful(ids, everything, states, source, channel, now)
UPDATE outbox SET
    state = 'queued', held_for = '', reason = '', next_at = :now, settled_at = NULL,
    attached = REPLACE(attached, '"ways_barred":', '"ways":')
WHERE (state = 'held' OR state = 'uncertain') AND held_for = 'restored' AND state IN (SELECT key FROM json_each(:states))
    AND expires_at > :now
    AND (CAST(:everything AS BIGINT) = 1 OR id IN (SELECT key FROM json_each(:ids)))
    AND (:source = '' OR source = :source) AND (:channel = '' OR channel = :channel)
RETURNING channel;

-- name: drop_doubtful(ids, everything, states, source, channel, reason, now)!
-- What an earlier way has taken stays with that.
UPDATE outbox SET
    state = CASE
        WHEN state = 'uncertain' THEN 'uncertain'
        WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted'
        ELSE 'suppressed'
    END,
    held_for = '', reason = :reason, settled_at = :now
WHERE (state = 'held' OR state = 'uncertain') AND held_for = 'restored' AND state IN (SELECT key FROM json_each(:states))
    AND (CAST(:everything AS BIGINT) = 1 OR id IN (SELECT key FROM json_each(:ids)))
    AND (:source = '' OR source = :source) AND (:channel = '' OR channel = :channel);

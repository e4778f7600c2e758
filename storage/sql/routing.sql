-- name: shares()
SELECT name, share FROM gateway_shares;

-- name: set_share(name, share)!
INSERT INTO gateway_shares (name, share) VALUES (:name, :share)
ON CONFLICT (name) DO UPDATE SET share = excluded.share;

-- name: note_move(name, at, share_before, share_after, reason, ordered_by)!
INSERT INTO moves (name, moved_at, share_before, share_after, reason, ordered_by)
VALUES (:name, :at, :share_before, :share_after, :reason, :ordered_by);

-- name: moves(most)
SELECT name, moved_at, share_before, share_after, reason, ordered_by
FROM moves
ORDER BY moved_at DESC, number DESC
LIMIT :most;

-- name: moves_of(name, most)
SELECT name, moved_at, share_before, share_after, reason, ordered_by
FROM moves
WHERE name = :name
ORDER BY moved_at DESC, number DESC
LIMIT :most;

-- name: pauses()
SELECT name, paused_at, ordered_by, reason FROM pauses;

-- name: pause(name, at, ordered_by, reason)!
INSERT INTO pauses (name, paused_at, ordered_by, reason) VALUES (:name, :at, :ordered_by, :reason)
ON CONFLICT DO NOTHING;

-- name: resume(name)!
DELETE FROM pauses WHERE name = :name;

-- name: minutes(since)
SELECT gateway, minute, accepted, errors, uncertain, rejected, delivered, undelivered, in_time
FROM gateway_minutes
WHERE minute >= :since
ORDER BY minute, gateway;

-- name: forget_minutes(before)!
DELETE FROM gateway_minutes WHERE minute < :before;

-- name: carriers(addresses)
SELECT c.address, c.carrier
FROM json_each(:addresses) AS wanted CROSS JOIN carriers AS c
WHERE c.address = wanted.key;

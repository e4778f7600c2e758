-- name: follow(address, source, code, channel, since, invited_by, language)!
INSERT INTO follows (address, source, code, channel, since, invited_by, language)
VALUES (:address, :source, :code, :channel, :since, :invited_by, :language)
ON CONFLICT DO NOTHING;

-- name: follow_again(address, source, code, channel, invited_by, language)!
UPDATE follows SET channel = :channel, invited_by = :invited_by, language = :language
WHERE address = :address AND source = :source AND code = :code;

-- name: unfollow(address, source, code)!
DELETE FROM follows WHERE address = :address AND source = :source AND code = :code;

-- name: unfollow_all(address)!
DELETE FROM follows WHERE address = :address;

-- name: followed_by(address)
SELECT address, source, code, channel, since, invited_by, language FROM follows
WHERE address = :address
ORDER BY since DESC, code, source;

-- name: followers(source, code)
SELECT address, source, code, channel, since, invited_by, language FROM follows
WHERE source = :source AND code = :code
ORDER BY since, address;

-- name: invite(digest, source, code, phone, expires_at)!
INSERT INTO invitations (digest, source, code, phone, expires_at)
VALUES (:digest, :source, :code, :phone, :expires_at)
ON CONFLICT (digest) DO UPDATE SET
    source = excluded.source, code = excluded.code, phone = excluded.phone, expires_at = excluded.expires_at;

-- name: drop_old_invitations(now)!
DELETE FROM invitations WHERE expires_at <= :now;

-- name: redeem(digest, now)
DELETE FROM invitations WHERE digest = :digest AND expires_at > :now
RETURNING digest, source, code, phone, expires_at;

-- name: revoke_invitations(source, code)!
DELETE FROM invitations WHERE source = :source AND code = :code;

-- name: revoke_follows(source, code)!
DELETE FROM follows WHERE source = :source AND code = :code AND invited_by <> '';

-- name: bindings_of(phones)
-- CROSS JOIN keeps SQLite from scanning the bindings once for each phone; likewise below.
SELECT b.address, b.phone, b.proof, b.since, b.channel, b.language,
    (SELECT c.heard_at FROM conversations AS c WHERE c.address = b.address) AS heard_at
FROM json_each(:phones) AS wanted CROSS JOIN bindings AS b
WHERE b.phone = wanted.key;

-- name: disowned_of(phones)
SELECT d.phone, d.at
FROM json_each(:phones) AS wanted CROSS JOIN disowned AS d
WHERE d.phone = wanted.key;

-- name: preferences_of(phones)
SELECT p.phone, p.scheme, p.important_only
FROM json_each(:phones) AS wanted CROSS JOIN preferences AS p
WHERE p.phone = wanted.key;

-- name: followers_of(dossiers)
SELECT f.address, f.source, f.code, f.channel, f.since, f.invited_by, f.language
FROM json_each(:dossiers) AS wanted CROSS JOIN follows AS f
WHERE f.source = wanted.value ->> 'source' AND f.code = wanted.value ->> 'code'
ORDER BY f.since, f.address;

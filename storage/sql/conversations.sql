-- name: inbound_first(channel, message_id, address, at)!
INSERT INTO inbound (channel, message_id, address, at, outcome)
VALUES (:channel, :message_id, :address, :at, '')
ON CONFLICT (channel, message_id) DO NOTHING;

-- name: inbound_finish(channel, message_id, outcome, missed_at)!
UPDATE inbound SET outcome = :outcome, missed_at = :missed_at
WHERE channel = :channel AND message_id = :message_id;

-- name: heard(address, since)$
SELECT COUNT(*) FROM inbound
WHERE address = :address AND at >= :since;

-- name: misses(address, since)$
SELECT COUNT(*) FROM inbound
WHERE address = :address AND missed_at IS NOT NULL AND missed_at >= :since;

-- name: outcomes()
SELECT channel, outcome, COUNT(*) AS messages FROM inbound GROUP BY channel, outcome;

-- name: conversation_load(address)^
SELECT pending, language, expires_at FROM conversations WHERE address = :address FOR UPDATE;

-- name: conversation_begin(address, language)!
INSERT INTO conversations (address, pending, language, expires_at, at)
VALUES (:address, '', :language, NULL, 0)
ON CONFLICT (address) DO NOTHING;

-- name: conversation_save(address, pending, language, expires_at, at)!
INSERT INTO conversations (address, pending, language, expires_at, at)
VALUES (:address, :pending, :language, :expires_at, :at)
ON CONFLICT (address) DO UPDATE SET
    pending = excluded.pending, language = excluded.language,
    expires_at = excluded.expires_at, at = excluded.at;

-- name: inbound_first(channel, message_id, address, at, text)!
INSERT INTO inbound (channel, message_id, address, at, outcome, text)
VALUES (:channel, :message_id, :address, :at, '', :text)
ON CONFLICT (channel, message_id) DO NOTHING;

-- name: inbound_finish(channel, message_id, outcome)!
UPDATE inbound SET outcome = :outcome WHERE channel = :channel AND message_id = :message_id;

-- name: heard(address, since)$
SELECT COUNT(*) FROM inbound
WHERE address = :address AND at >= :since;

-- name: outcomes()
SELECT channel, outcome, COUNT(*) AS messages FROM inbound GROUP BY channel, outcome;

-- name: conversation_load(address)^
SELECT language, dialogue, slots, options, about, proved, expires_at FROM conversations WHERE address = :address FOR UPDATE;

-- name: conversation_begin(address, language)!
INSERT INTO conversations (address, language, at) VALUES (:address, :language, 0)
ON CONFLICT (address) DO NOTHING;

-- name: conversation_save(address, language, dialogue, slots, options, about, proved, expires_at, at)!
INSERT INTO conversations (address, language, dialogue, slots, options, about, proved, expires_at, at, heard_at)
VALUES (:address, :language, :dialogue, :slots, :options, :about, :proved, :expires_at, :at, :at)
ON CONFLICT (address) DO UPDATE SET
    language = excluded.language, dialogue = excluded.dialogue, slots = excluded.slots, options = excluded.options,
    about = excluded.about, proved = excluded.proved, expires_at = excluded.expires_at, at = excluded.at, heard_at = excluded.heard_at;

-- name: thread(address, most)
-- A line of ours stands where it left us, or where it was last tried.
SELECT at, by_us, text FROM (
    SELECT at, by_us, text, id FROM (
        SELECT at, 0 AS by_us, text, message_id AS id FROM inbound
        WHERE address = :address AND text <> ''
        ORDER BY at DESC, message_id DESC LIMIT :most
    ) AS theirs
    UNION ALL
    SELECT at, by_us, text, id FROM (
        SELECT COALESCE(sent_at, settled_at, created_at) AS at, 1 AS by_us, text, id FROM outbox
        WHERE address = :address AND state IN ('accepted', 'delivered', 'sending', 'uncertain') AND text <> ''
        ORDER BY id DESC LIMIT :most
    ) AS ours
) AS said
ORDER BY at DESC, by_us DESC, id DESC
LIMIT :most;

-- name: thread_unsent(address, since, most)
-- What clerks said of late and has not left us, or was refused; the newest.
SELECT created_at, state, text FROM outbox
WHERE address = :address AND situation = 'answer' AND created_at >= :since AND text <> ''
    AND state IN ('queued', 'held', 'failed', 'expired', 'suppressed', 'cancelled')
ORDER BY id DESC
LIMIT :most;

-- name: forget_texts(before)!
UPDATE inbound SET text = '' WHERE at < :before AND text <> '';

-- name: forget_slots(before)!
UPDATE conversations SET dialogue = '', slots = '', options = '', about = '', expires_at = NULL
WHERE at < :before AND slots <> '';

-- name: api_add(id, kind, name, agency, rights, digest, made_at, made_by, expires_at)!
INSERT INTO api_keys (id, kind, name, agency, rights, digest, made_at, made_by, expires_at)
VALUES (:id, :kind, :name, :agency, :rights, :digest, :made_at, :made_by, :expires_at)
ON CONFLICT DO NOTHING;

-- name: api_key(id)^
SELECT
    id, kind, name, agency, rights, digest, made_at, made_by, expires_at, revoked_at, revoked_by, used_at, callback_url,
    callback_secret
FROM api_keys
WHERE id = :id;

-- name: api_keys()
SELECT
    id, kind, name, agency, rights, digest, made_at, made_by, expires_at, revoked_at, revoked_by, used_at, callback_url,
    callback_secret
FROM api_keys
ORDER BY made_at DESC, id;

-- name: api_guests(key_id)
SELECT key_id, address FROM api_guests WHERE key_id = :key_id OR :key_id = '' ORDER BY address;

-- name: api_revoke(id, revoked_by, at)!
UPDATE api_keys SET revoked_at = :at, revoked_by = :revoked_by, callback_secret = '', callback_url = ''
WHERE id = :id AND revoked_at IS NULL;

-- name: api_used(id, at)!
UPDATE api_keys SET used_at = :at WHERE id = :id AND (used_at IS NULL OR used_at < :at);

-- name: api_call_back(id, url, secret)!
UPDATE api_keys SET callback_url = :url, callback_secret = :secret WHERE id = :id;

-- name: api_drop_callbacks(key_id)!
DELETE FROM api_callbacks WHERE key_id = :key_id AND ended_at IS NULL;

-- name: api_uninvite(key_id)!
DELETE FROM api_guests WHERE key_id = :key_id;

-- name: api_invite(key_id, address)*!
INSERT INTO api_guests (key_id, address) VALUES (:key_id, :address) ON CONFLICT DO NOTHING;

-- name: erase_api_guests(keys)!
DELETE FROM api_guests WHERE address IN (SELECT key FROM json_each(:keys));

-- name: api_remember(key_id, token, digest, at, held_until)!
-- Whoever comes second waits here for the first to commit.
INSERT INTO api_answers (key_id, token, digest, at, held_until) VALUES (:key_id, :token, :digest, :at, :held_until)
ON CONFLICT (key_id, token) DO NOTHING;

-- name: api_remember_all(wanted, at)
-- Whoever comes second waits here too, and so all name them in one order.
INSERT INTO api_answers (key_id, token, digest, at, held_until)
SELECT w.value ->> 'key', w.value ->> 'token', w.value ->> 'digest', CAST(:at AS BIGINT), 0
FROM json_each(:wanted) AS w WHERE true
ON CONFLICT (key_id, token) DO NOTHING
RETURNING key_id, token;

-- name: api_remembered(key_id, token)^
SELECT digest, status, answer, at, subject FROM api_answers WHERE key_id = :key_id AND token = :token;

-- name: api_answered(key_id, token, status, answer)!
UPDATE api_answers SET status = :status, answer = :answer WHERE key_id = :key_id AND token = :token;

-- name: api_answered_all(status, answer, key_id, token)*!
UPDATE api_answers SET status = :status, answer = :answer WHERE key_id = :key_id AND token = :token;

-- name: api_take_over(key_id, token, at, held_until)!
UPDATE api_answers SET held_until = :held_until
WHERE key_id = :key_id AND token = :token AND answer = '' AND held_until <= :at;

-- name: api_keep_subject(key_id, token, subject, held_until)!
UPDATE api_answers SET subject = :subject
WHERE key_id = :key_id AND token = :token AND answer = '' AND held_until = :held_until;

-- name: api_drop_token(key_id, token, held_until)!
DELETE FROM api_answers
WHERE key_id = :key_id AND token = :token AND answer = '' AND subject = '' AND held_until = :held_until;

-- name: api_let_go(key_id, token, held_until)!
UPDATE api_answers SET held_until = 0
WHERE key_id = :key_id AND token = :token AND answer = '' AND held_until = :held_until;

-- name: api_forget(key_id, token, held_until)!
DELETE FROM api_answers WHERE key_id = :key_id AND token = :token AND held_until = :held_until;

-- name: api_prune_answers(before, most)!
DELETE FROM api_answers WHERE (key_id, token) IN (
    SELECT key_id, token FROM api_answers WHERE at < :before ORDER BY at LIMIT :most
);

-- name: api_prune_callbacks(before, most)!
DELETE FROM api_callbacks WHERE id IN (
    SELECT id FROM api_callbacks WHERE ended_at < :before ORDER BY ended_at LIMIT :most
);

-- name: api_unwanted(addresses)
SELECT address FROM do_not_send WHERE address IN (SELECT key FROM json_each(:addresses));

-- name: api_note(item_id, key_id, agency, is_trial, reference, told_until)*!
INSERT INTO api_messages (item_id, key_id, agency, is_trial, reference, told_until)
VALUES (:item_id, :key_id, :agency, :is_trial, :reference, :told_until)
ON CONFLICT (item_id) DO NOTHING;

-- name: api_message(item_id)^
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at, m.key_id, m.agency AS of_agency, m.is_trial, m.reference, m.told_until
FROM api_messages AS m JOIN outbox AS o ON o.id = m.item_id
WHERE m.item_id = :item_id;

-- name: api_stretch(agency, is_trial, since, before, most)^
-- How far one page looks, whatever it finds there.
SELECT MIN(item_id) AS last, COUNT(*) AS looked_at FROM (
    SELECT item_id FROM api_messages
    WHERE agency = :agency AND is_trial = :is_trial AND item_id >= :since AND item_id < :before
    ORDER BY item_id DESC LIMIT :most
) AS stretch;

-- name: api_listed(agency, is_trial, last, before, state, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at, m.key_id, m.agency AS of_agency, m.is_trial, m.reference, m.told_until
FROM api_messages AS m JOIN outbox AS o ON o.id = m.item_id
WHERE m.agency = :agency AND m.is_trial = :is_trial AND m.item_id >= :last AND m.item_id < :before
    AND (:state = '' OR o.state = :state)
ORDER BY m.item_id DESC LIMIT :most;

-- name: api_of_key(key_id, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at, m.key_id, m.agency AS of_agency, m.is_trial, m.reference, m.told_until
FROM api_messages AS m JOIN outbox AS o ON o.id = m.item_id
WHERE m.key_id = :key_id
ORDER BY m.item_id DESC LIMIT :most;

-- name: api_watched(after, most)
-- By the partial index: only what is open, and each in one look-up of its message.
SELECT m.item_id, m.key_id, m.agency, m.is_trial, m.reference, m.told, m.told_until, o.state, o.reason, o.settled_at,
    o.created_at
FROM (
    SELECT item_id, key_id, agency, is_trial, reference, told, told_until FROM api_messages
    WHERE told_until IS NOT NULL AND item_id > :after
    ORDER BY item_id LIMIT :most
) AS m JOIN outbox AS o ON o.id = m.item_id
ORDER BY m.item_id;

-- name: api_tell(id, key_id, item_id, state, reason, reference, at, made_at, next_at, attempts, ended_at, answer)*!
INSERT INTO api_callbacks (id, key_id, item_id, state, reason, reference, at, made_at, next_at, attempts, ended_at, answer)
VALUES (
    :id, :key_id, :item_id, :state, :reason, :reference, :at, :made_at, :next_at, :attempts, :ended_at, :answer
) ON CONFLICT (id) DO NOTHING;

-- name: api_told(told, item_id)*!
UPDATE api_messages SET told = :told WHERE item_id = :item_id;

-- name: api_over(items)!
UPDATE api_messages SET told_until = NULL WHERE item_id IN (SELECT key FROM json_each(:items));

-- name: api_due(now, most)
SELECT
    c.id, c.key_id, c.item_id, c.state, c.reason, c.reference, c.at, c.made_at, c.next_at, c.attempts, c.ended_at, c.answer
FROM api_callbacks AS c
WHERE c.ended_at IS NULL AND c.next_at <= :now AND NOT EXISTS (
    SELECT 1 FROM api_callbacks AS earlier
    WHERE earlier.item_id = c.item_id AND earlier.ended_at IS NULL AND earlier.id < c.id
)
ORDER BY c.next_at, c.id LIMIT :most;

-- name: api_called(next_at, attempts, ended_at, is_given_up, answer, id)*!
UPDATE api_callbacks SET
    next_at = :next_at, attempts = :attempts, ended_at = :ended_at, is_given_up = :is_given_up, answer = :answer
WHERE id = :id;

-- name: api_callbacks_of(key_id, most)
SELECT
    id, key_id, item_id, state, reason, reference, at, made_at, next_at, attempts, ended_at, answer
FROM api_callbacks
WHERE key_id = :key_id
ORDER BY id DESC LIMIT :most;

-- name: api_backlog(key_id)^
SELECT
    (SELECT COUNT(*) FROM api_callbacks WHERE ended_at IS NULL AND (key_id = :key_id OR :key_id = '')) AS waiting,
    (SELECT COUNT(*) FROM api_callbacks WHERE is_given_up = 1 AND (key_id = :key_id OR :key_id = '')) AS given_up;

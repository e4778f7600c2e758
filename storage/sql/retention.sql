-- What is personal goes when its time is over; rows that are counted stay. Each query is one page of a nightly walk.

-- name: retention_mark_of(kind)^
SELECT place, at FROM retention_marks WHERE kind = :kind;

-- name: retention_mark(kind, place, at)!
INSERT INTO retention_marks (kind, place, at) VALUES (:kind, :place, :at)
ON CONFLICT (kind) DO UPDATE SET place = excluded.place, at = excluded.at;

-- name: retention_messages(after, until, most)
SELECT id, dedupe_key, origin, address, state, settled_at, expires_at, fallback_at, text, attached FROM outbox
WHERE id > :after AND id < :until
ORDER BY id LIMIT :most;

-- name: retention_left(after, most)
SELECT
    l.id AS place, o.id, o.dedupe_key, o.origin, o.address, o.state, o.settled_at, o.expires_at, o.fallback_at, o.text,
    o.attached
FROM (SELECT id FROM retention_left WHERE id > :after ORDER BY id LIMIT :most) AS l
LEFT JOIN outbox AS o ON o.id = l.id
ORDER BY l.id;

-- name: retention_leave(id)*!
INSERT INTO retention_left (id) VALUES (:id) ON CONFLICT DO NOTHING;

-- name: retention_leave_no_more(ids)!
DELETE FROM retention_left WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */);

-- name: retention_blank_keys(items)!
-- Where keys are unique by a table of their own.
/*postgres
UPDATE outbox_keys SET dedupe_key = e.value ->> 'dedupe_key' FROM json_each(:items) AS e
WHERE outbox_keys.dedupe_key = e.value ->> 'before' AND (e.value ->> 'before') <> (e.value ->> 'dedupe_key');
*/
/*sqlite UPDATE retention_left SET id = id WHERE id IN (SELECT key FROM json_each(:items)) AND false; */

-- name: retention_blank(items, first, last)!
-- The bounds spare PostgreSQL the other months.
UPDATE outbox SET
    text = '', attached = '', address = e.value ->> 'address', dedupe_key = e.value ->> 'dedupe_key'
FROM json_each(:items) AS e
WHERE outbox.id = e.key AND outbox.id >= :first AND outbox.id <= :last;

-- name: retention_references(ids)!
-- What another system called the message may be anybody's name.
UPDATE api_messages SET reference = ''
WHERE item_id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND reference <> '';

-- name: retention_inbound(since, until, most)
SELECT channel, message_id FROM inbound
WHERE at >= :since AND at < :until AND SUBSTR(address, 1, 7) <> 'erased:'
ORDER BY at LIMIT :most;

-- name: retention_blank_inbound(channel, message_id)*!
UPDATE inbound SET text = '', address = 'erased:' WHERE channel = :channel AND message_id = :message_id;

-- name: retention_dossiers(until, most)
SELECT code, source, steps FROM dossiers
WHERE status IN (3, 7, 8, 9, 10) AND (phone <> '' OR applicant <> '' OR lookup_code <> '' OR id_tail <> '')
    AND COALESCE(finished_at, progressed_at) < :until
ORDER BY COALESCE(finished_at, progressed_at), code, source LIMIT :most;

-- name: retention_blank_dossiers(code, source, steps)*!
-- Without its fingerprint the next record is looked at afresh.
UPDATE dossiers SET
    phone = '', applicant = '', lookup_code = '', id_tail = '', fingerprint = '', name_words = '', given = '',
    supplement = '', reason = '', steps = :steps
WHERE code = :code AND source = :source;

-- name: retention_late(code, source)*!
DELETE FROM late_events WHERE code = :code AND source = :source;

-- name: retention_acts(code, source)*!
UPDATE apology_acts SET detail = '' WHERE apology IN (
    SELECT a.id FROM apologies AS a WHERE a.code = :code AND a.source = :source
);

-- name: retention_apologies(code, source)*!
UPDATE apologies SET text = '', why = '', override_why = '' WHERE code = :code AND source = :source;

-- name: retention_follows(code, source)*!
DELETE FROM follows WHERE source = :source AND code = :code;

-- name: retention_invitations(code, source)*!
DELETE FROM invitations WHERE source = :source AND code = :code;

-- name: retention_surveys(dossiers)
SELECT s.source, s.code, s.address
FROM json_each(:dossiers) AS d CROSS JOIN surveys AS s
WHERE s.source = d.value ->> 'source' AND s.code = d.value ->> 'code' AND SUBSTR(s.address, 1, 7) <> 'erased:';

-- name: retention_blank_surveys(nonce, source, code, address)*!
UPDATE surveys SET address = 'erased:' || :nonce, reason = ''
WHERE source = :source AND code = :code AND address = :address;

-- name: retention_reasons(until, most)
SELECT source, code, address FROM surveys WHERE reason <> '' AND asked_at < :until ORDER BY asked_at LIMIT :most;

-- name: retention_blank_reasons(source, code, address)*!
UPDATE surveys SET reason = '' WHERE source = :source AND code = :code AND address = :address;

-- name: retention_feedback(until, most)
SELECT number FROM feedback
WHERE answered_at IS NOT NULL AND SUBSTR(address, 1, 7) <> 'erased:' AND answered_at < :until
ORDER BY answered_at LIMIT :most;

-- name: retention_blank_feedback(number)*!
UPDATE feedback SET address = 'erased:' || number, text = '', name = '', home = '', phone = '', answer = ''
WHERE number = :number;

-- name: erasure_requests(most)
SELECT
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
FROM feedback
WHERE kind = 'erasure' AND phone <> '' AND refused_at IS NULL
ORDER BY at, number LIMIT :most;

-- name: erasure_refuse(number, at)!
UPDATE feedback SET refused_at = :at
WHERE number = :number AND kind = 'erasure' AND phone <> '' AND refused_at IS NULL AND answered_at IS NOT NULL;

-- name: retention_broadcasts(until)
-- Few: what is over and not yet forgotten.
SELECT b.id FROM broadcasts AS b
WHERE b.state IN ('done', 'cancelled', 'rejected') AND b.ended_at < :until
    AND NOT EXISTS (SELECT 1 FROM retention_marks AS m WHERE m.kind = 'broadcast:' || b.id)
ORDER BY b.id;

-- name: retention_abandoned(until)
-- What waits for a person, and nobody has acted on since.
SELECT b.id FROM broadcasts AS b
WHERE b.state IN ('draft', 'submitted', 'tried', 'paused') AND b.made_at < :until AND NOT EXISTS (
    SELECT 1 FROM broadcast_acts AS a WHERE a.broadcast = b.id AND a.at >= :until
)
ORDER BY b.id;

-- name: retention_recipients(broadcast, after, most)
SELECT number FROM broadcast_recipients
WHERE broadcast = :broadcast AND number > :after
ORDER BY number LIMIT :most;

-- name: retention_blank_recipients(broadcast, first, last)!
-- Why somebody was left out is counted; who it was is not.
UPDATE broadcast_recipients SET phone = '', code = '', source = '', contents = ''
WHERE broadcast = :broadcast AND number >= :first AND number <= :last;

-- name: retention_chats(after, most)
SELECT
    c.address, COALESCE(c.heard_at, c.at) AS heard_at,
    CASE WHEN EXISTS (SELECT 1 FROM bindings AS b WHERE b.address = c.address)
        OR EXISTS (SELECT 1 FROM talks AS t WHERE t.address = c.address) THEN 1 ELSE 0 END AS is_used
FROM conversations AS c
WHERE c.address > :after
ORDER BY c.address LIMIT :most;

-- name: retention_end_chats(keys)!
DELETE FROM conversations WHERE address IN (SELECT key FROM json_each(:keys));

-- name: retention_consents(after, most)
SELECT
    c.number, c.given_at,
    CASE WHEN EXISTS (SELECT 1 FROM conversations AS t WHERE t.address = c.address)
        OR EXISTS (SELECT 1 FROM bindings AS b WHERE b.address = c.address) THEN 1 ELSE 0 END AS is_used
FROM consents AS c
WHERE c.number > :after
ORDER BY c.number LIMIT :most;

-- name: retention_end_consents(number)*!
DELETE FROM consents WHERE number = :number;

-- name: retention_carriers(after, most)
SELECT address, named_at FROM carriers WHERE address > :after ORDER BY address LIMIT :most;

-- name: retention_end_carriers(keys)!
DELETE FROM carriers WHERE address IN (SELECT key FROM json_each(:keys));

-- name: retention_preferences(after, most)
SELECT
    p.phone, p.at,
    CASE WHEN EXISTS (SELECT 1 FROM dossiers AS d WHERE d.phone = p.phone AND d.phone <> '')
        OR EXISTS (SELECT 1 FROM bindings AS b WHERE b.phone = p.phone) THEN 1 ELSE 0 END AS is_used
FROM preferences AS p
WHERE p.phone > :after
ORDER BY p.phone LIMIT :most;

-- name: retention_end_preferences(keys)!
DELETE FROM preferences WHERE phone IN (SELECT key FROM json_each(:keys));

-- name: retention_withdrawn(until)!
DELETE FROM consents WHERE withdrawn_at IS NOT NULL AND withdrawn_at < :until;

-- name: retention_codes(now)!
DELETE FROM one_time_codes WHERE expires_at < :now;

-- name: retention_words(now)!
DELETE FROM invitations WHERE expires_at < :now;

-- name: retention_guests(until)!
-- Of keys that are closed for so long, and of none.
DELETE FROM api_guests WHERE key_id NOT IN (
    SELECT id FROM api_keys
    WHERE (revoked_at IS NULL OR revoked_at >= :until) AND (expires_at IS NULL OR expires_at >= :until)
);

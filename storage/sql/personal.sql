-- All columns of what is kept of one person: a column that is added is shown without a word here. `whose` is by what the
-- row is hers; whether the number is really in it is for storage.mentions to say.

-- name: personal_dossiers(phone, spread_of_phones, most, skip)
SELECT d.*, d.phone AS whose FROM dossiers AS d
WHERE d.phone <> '' AND (d.phone = :phone OR d.phone LIKE :spread_of_phones)
ORDER BY d.code, d.source LIMIT :most OFFSET :skip;

-- name: personal_late_events(phone, spread_of_phones, most, skip)
SELECT l.*, d.phone AS whose FROM dossiers AS d CROSS JOIN late_events AS l
WHERE d.phone <> '' AND (d.phone = :phone OR d.phone LIKE :spread_of_phones) AND l.code = d.code AND l.source = d.source
ORDER BY l.code, l.source, l.version, l.fingerprint LIMIT :most OFFSET :skip;

-- name: personal_apologies(phone, spread_of_phones, most, skip)
SELECT a.*, d.phone AS whose FROM dossiers AS d CROSS JOIN apologies AS a
WHERE d.phone <> '' AND (d.phone = :phone OR d.phone LIKE :spread_of_phones) AND a.code = d.code AND a.source = d.source
ORDER BY a.id LIMIT :most OFFSET :skip;

-- name: personal_apology_acts(phone, spread_of_phones, most, skip)
SELECT t.*, d.phone AS whose FROM dossiers AS d CROSS JOIN apologies AS a CROSS JOIN apology_acts AS t
WHERE d.phone <> '' AND (d.phone = :phone OR d.phone LIKE :spread_of_phones) AND a.code = d.code AND a.source = d.source
    AND t.apology = a.id
ORDER BY t.apology, t.number LIMIT :most OFFSET :skip;

-- name: personal_outbox(keys, spread, most, skip)
SELECT * FROM outbox
WHERE address IN (SELECT key FROM json_each(:keys))
    OR dedupe_key LIKE :spread OR origin LIKE :spread OR text LIKE :spread OR attached LIKE :spread
ORDER BY id LIMIT :most OFFSET :skip;

-- name: personal_parts(keys, most, skip)
SELECT p.* FROM json_each(:keys) AS k CROSS JOIN outbox AS o CROSS JOIN parts AS p
WHERE o.address = k.key AND p.item_id = o.id
ORDER BY p.item_id, p.channel, p.reference LIMIT :most OFFSET :skip;

-- name: personal_api_messages(keys, most, skip)
SELECT m.* FROM json_each(:keys) AS k CROSS JOIN outbox AS o CROSS JOIN api_messages AS m
WHERE o.address = k.key AND m.item_id = o.id
ORDER BY m.item_id LIMIT :most OFFSET :skip;

-- name: personal_api_callbacks(keys, most, skip)
SELECT c.* FROM json_each(:keys) AS k CROSS JOIN outbox AS o CROSS JOIN api_callbacks AS c
WHERE o.address = k.key AND c.item_id = o.id
ORDER BY c.id LIMIT :most OFFSET :skip;

-- name: personal_attached(keys)
SELECT o.attached FROM json_each(:keys) AS k CROSS JOIN outbox AS o
WHERE o.address = k.key AND o.attached <> '';

-- name: personal_documents(ids, most, skip)
SELECT * FROM documents WHERE id IN (SELECT key FROM json_each(:ids)) ORDER BY id LIMIT :most OFFSET :skip;

-- name: personal_broadcast_recipients(phone, spread, most, skip)
SELECT * FROM broadcast_recipients
WHERE (phone = :phone AND phone <> '') OR contents LIKE :spread
ORDER BY broadcast, number LIMIT :most OFFSET :skip;

-- name: personal_inbound(keys, spread, most, skip)
SELECT * FROM inbound
WHERE address IN (SELECT key FROM json_each(:keys)) OR (text <> '' AND text LIKE :spread)
ORDER BY at, channel, message_id LIMIT :most OFFSET :skip;

-- name: personal_conversations(keys, spread, most, skip)
SELECT * FROM conversations
WHERE address IN (SELECT key FROM json_each(:keys)) OR (slots <> '' AND slots LIKE :spread)
ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_feedback(keys, spread, most, skip)
SELECT * FROM feedback
WHERE address IN (SELECT key FROM json_each(:keys))
    OR text LIKE :spread OR name LIKE :spread OR home LIKE :spread OR phone LIKE :spread OR answer LIKE :spread
ORDER BY number LIMIT :most OFFSET :skip;

-- name: personal_surveys(keys, most, skip)
SELECT s.* FROM json_each(:keys) AS k CROSS JOIN surveys AS s
WHERE s.address = k.key
ORDER BY s.asked_at, s.code LIMIT :most OFFSET :skip;

-- name: personal_bindings(phone, keys, most, skip)
SELECT * FROM bindings WHERE phone = :phone OR address IN (SELECT key FROM json_each(:keys))
ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_follows(phone, keys, most, skip)
SELECT * FROM follows WHERE invited_by = :phone OR address IN (SELECT key FROM json_each(:keys))
ORDER BY address, source, code LIMIT :most OFFSET :skip;

-- name: personal_invitations(phone, most, skip)
SELECT * FROM invitations WHERE phone = :phone ORDER BY digest LIMIT :most OFFSET :skip;

-- name: personal_one_time_codes(phone, keys, most, skip)
SELECT * FROM one_time_codes WHERE phone = :phone OR address IN (SELECT key FROM json_each(:keys))
ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_consents(keys, most, skip)
SELECT * FROM consents WHERE address IN (SELECT key FROM json_each(:keys)) ORDER BY number LIMIT :most OFFSET :skip;

-- name: personal_disowned(phone, most, skip)
SELECT * FROM disowned WHERE phone = :phone LIMIT :most OFFSET :skip;

-- name: personal_preferences(phone, most, skip)
SELECT * FROM preferences WHERE phone = :phone LIMIT :most OFFSET :skip;

-- name: personal_attempts(subjects, most, skip)
SELECT * FROM attempts WHERE subject IN (SELECT key FROM json_each(:subjects))
ORDER BY at, kind, subject LIMIT :most OFFSET :skip;

-- name: personal_do_not_send(keys, most, skip)
SELECT * FROM do_not_send WHERE address IN (SELECT key FROM json_each(:keys)) ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_api_guests(keys, most, skip)
SELECT * FROM api_guests WHERE address IN (SELECT key FROM json_each(:keys))
ORDER BY key_id, address LIMIT :most OFFSET :skip;

-- name: personal_carriers(keys, most, skip)
SELECT * FROM carriers WHERE address IN (SELECT key FROM json_each(:keys)) ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_talks(keys, most, skip)
SELECT * FROM talks WHERE address IN (SELECT key FROM json_each(:keys)) ORDER BY address LIMIT :most OFFSET :skip;

-- name: personal_subjects(phone, keys)
-- By which the record names what is hers.
SELECT d.code AS subject FROM dossiers AS d WHERE d.phone = :phone AND d.phone <> ''
UNION
SELECT a.id FROM dossiers AS d CROSS JOIN apologies AS a
WHERE d.phone = :phone AND d.phone <> '' AND a.code = d.code AND a.source = d.source
UNION
SELECT f.number FROM json_each(:keys) AS k CROSS JOIN feedback AS f WHERE f.address = k.key
UNION
SELECT o.id FROM json_each(:keys) AS k CROSS JOIN outbox AS o WHERE o.address = k.key;

-- name: personal_seen(subjects, since, until, most)
SELECT a.number, a.at, a.done_by, a.way, a.what, a.subject, a.agency, a.before, a.after, a.digest
FROM json_each(:subjects) AS k CROSS JOIN audit AS a
WHERE a.subject = k.key AND a.subject <> '' AND a.at >= :since AND a.at < :until
ORDER BY a.number DESC LIMIT :most;

-- Where a number may stand in a text, `spread` looks for its digits in order with anything between them; whether they
-- are the number is for storage.mentions to say. Five times as quick as taking the blanks out first. Where the texts are
-- sealed none of the `erase_seek_…` can find anything: see storage.sealing.seeking.

-- name: bound_to(phone)
SELECT address FROM bindings WHERE phone = :phone ORDER BY address;

-- name: erasures()
SELECT digest, at FROM erasures;

-- name: erasure_salt()$
SELECT salt FROM erasure_salt;

-- name: erasure_salt_make(salt)!
INSERT INTO erasure_salt (one, salt) VALUES (1, :salt) ON CONFLICT DO NOTHING;

-- name: erasure_keep(digest, at)*!
INSERT INTO erasures (digest, at) VALUES (:digest, :at)
ON CONFLICT (digest) DO UPDATE SET at = excluded.at WHERE excluded.at > erasures.at;

-- name: erasure_announce()!
-- Whoever read a source before this moment has to read again before writing.
UPDATE sources SET revision = revision + 1;

-- name: erase_dossiers_seek(phone, spread_of_phones)
-- By its number, or as the source wrote what nobody could read as one.
SELECT code, source, phone, steps FROM dossiers WHERE phone = :phone
UNION ALL
SELECT code, source, phone, steps FROM dossiers
WHERE phone <> '' AND phone <> :phone AND phone LIKE :spread_of_phones;

-- name: erase_dossiers(code, source, steps)*!
-- The fingerprint was made of what goes; without it the next record is looked at afresh.
UPDATE dossiers SET
    phone = '', applicant = '', lookup_code = '', id_tail = '', fingerprint = '', name_words = '', given = '',
    supplement = '', reason = '', steps = :steps
WHERE code = :code AND source = :source;

-- name: erase_late_seek(dossiers)
SELECT l.code, l.source, l.version, l.fingerprint
FROM json_each(:dossiers) AS d CROSS JOIN late_events AS l
WHERE l.code = d.value ->> 'code' AND l.source = d.value ->> 'source';

-- name: erase_late(nonce, code, source, version, fingerprint)*!
UPDATE late_events SET fingerprint = :nonce
WHERE code = :code AND source = :source AND version = :version AND fingerprint = :fingerprint;

-- name: erase_apology_acts(dossiers)!
UPDATE apology_acts SET detail = '' WHERE apology IN (
    SELECT a.id FROM json_each(:dossiers) AS d CROSS JOIN apologies AS a
    WHERE a.code = d.value ->> 'code' AND a.source = d.value ->> 'source'
);

-- name: erase_apologies(dossiers)!
UPDATE apologies SET text = '', why = '', override_why = '' WHERE id IN (
    SELECT a.id FROM json_each(:dossiers) AS d CROSS JOIN apologies AS a
    WHERE a.code = d.value ->> 'code' AND a.source = d.value ->> 'source'
);

-- name: erase_outbox_seek(keys)
SELECT o.id, o.dedupe_key, o.origin, o.text, o.attached
FROM json_each(:keys) AS k CROSS JOIN outbox AS o
WHERE o.address = k.key
ORDER BY o.id;

-- name: erase_outbox_among(ids)
SELECT o.id, o.dedupe_key, o.origin, o.text, o.attached
FROM json_each(:ids) AS wanted CROSS JOIN outbox AS o
WHERE o.id = wanted.key
    /*postgres AND wanted.key = wanted.key || '' */
ORDER BY o.id;

-- name: erase_seek_outbox(spread)
-- Reads the whole table: what was sent to a chat that is no longer bound, and what names her beside the way it goes.
SELECT id, dedupe_key, origin, text, attached
FROM outbox
WHERE dedupe_key LIKE :spread OR origin LIKE :spread OR text LIKE :spread OR attached LIKE :spread
ORDER BY id;

-- name: erase_keys(items)!
-- Where keys are unique by a table of their own.
/*postgres
UPDATE outbox_keys SET dedupe_key = e.key FROM json_each(:items) AS e
WHERE outbox_keys.dedupe_key = e.value ->> 'dedupe_key' AND (e.value ->> 'named') = '1';
*/
/*sqlite UPDATE outbox SET dedupe_key = dedupe_key WHERE id IN (SELECT key FROM json_each(:items)) AND false; */

-- name: erase_outbox(items, reason, at)!
-- What is on its way to a provider, or may have gone, has no future but its receipt: `expires_at` sees to that.
UPDATE outbox SET
    text = '', attached = '', address = 'erased:' || outbox.id,
    dedupe_key = CASE WHEN (e.value ->> 'named') = '1' THEN outbox.id ELSE dedupe_key END,
    reason = CASE WHEN state IN ('queued', 'held') THEN :reason ELSE reason END,
    settled_at = CASE WHEN state IN ('queued', 'held') THEN :at ELSE settled_at END,
    expires_at = CASE WHEN state IN ('sending', 'uncertain') AND expires_at > :at THEN :at ELSE expires_at END,
    state = CASE
        WHEN state = 'queued' AND held_for = 'repetition' THEN 'uncertain'
        WHEN state IN ('queued', 'held') THEN 'cancelled'
        ELSE state
    END,
    held_for = ''
FROM json_each(:items) AS e
WHERE outbox.id = e.key;

-- name: erase_references(ids)!
-- As `retention_references` does; what is still to be told to the other system is told with our id alone.
UPDATE api_callbacks SET reference = ''
WHERE item_id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */) AND reference <> '';

-- name: erase_origins(fresh, origin)*!
UPDATE outbox SET origin = :fresh WHERE origin = :origin;

-- name: erase_plans(fresh, origin)*!
UPDATE plans SET origin = :fresh WHERE origin = :origin;

-- name: erase_seek_broadcast_recipients(phone, spread)
SELECT broadcast, number, phone, contents FROM broadcast_recipients WHERE phone = :phone AND phone <> ''
UNION ALL
SELECT broadcast, number, phone, contents FROM broadcast_recipients WHERE phone <> :phone AND contents LIKE :spread;

-- name: erase_recipients(broadcast, number)*!
UPDATE broadcast_recipients SET
    phone = '', code = '', source = '', contents = '', left_out = CASE WHEN left_out = '' THEN 'erased' ELSE left_out END
WHERE broadcast = :broadcast AND number = :number;

-- name: erase_inbound(keys)!
UPDATE inbound SET text = '', address = 'erased:' WHERE address IN (SELECT key FROM json_each(:keys));

-- name: erase_seek_inbound(spread)
SELECT channel, message_id, text FROM inbound
WHERE text <> '' AND text LIKE :spread;

-- name: erase_inbound_text(channel, message_id)*!
UPDATE inbound SET text = '' WHERE channel = :channel AND message_id = :message_id;

-- name: erase_conversations(keys)!
DELETE FROM conversations WHERE address IN (SELECT key FROM json_each(:keys));

-- name: erase_seek_conversations(spread)
SELECT address, slots FROM conversations WHERE slots <> '' AND slots LIKE :spread;

-- name: erase_slots(address)*!
UPDATE conversations SET dialogue = '', slots = '', options = '' WHERE address = :address;

-- name: erase_seek_feedback(keys, spread)
SELECT number, address, text, name, home, phone, answer FROM feedback
WHERE address IN (SELECT key FROM json_each(:keys))
    OR text LIKE :spread OR name LIKE :spread OR home LIKE :spread OR phone LIKE :spread OR answer LIKE :spread;

-- name: erase_feedback(number, at, reason)*!
-- Nobody is left to answer.
UPDATE feedback SET
    address = 'erased:' || number, text = '', name = '', home = '', phone = '', answer = '',
    answered_by = CASE WHEN answered_at IS NULL THEN :reason ELSE answered_by END,
    answered_at = COALESCE(answered_at, :at)
WHERE number = :number;

-- name: erase_surveys_seek(keys)
SELECT s.source, s.code, s.address FROM json_each(:keys) AS k CROSS JOIN surveys AS s WHERE s.address = k.key;

-- name: erase_surveys(nonce, source, code, address)*!
UPDATE surveys SET address = 'erased:' || :nonce, reason = ''
WHERE source = :source AND code = :code AND address = :address;

-- name: erase_bindings(phone, keys)!
DELETE FROM bindings WHERE phone = :phone OR address IN (SELECT key FROM json_each(:keys));

-- name: erase_follows(phone, keys)!
-- Those whom she had let follow as well: it was hers to allow.
DELETE FROM follows WHERE invited_by = :phone OR address IN (SELECT key FROM json_each(:keys));

-- name: erase_invitations(phone)!
DELETE FROM invitations WHERE phone = :phone;

-- name: erase_one_time_codes(phone, keys)!
DELETE FROM one_time_codes WHERE phone = :phone OR address IN (SELECT key FROM json_each(:keys));

-- name: erase_consents(keys)!
DELETE FROM consents WHERE address IN (SELECT key FROM json_each(:keys));

-- name: erase_disowned(phone)!
DELETE FROM disowned WHERE phone = :phone;

-- name: erase_preferences(phone)!
DELETE FROM preferences WHERE phone = :phone;

-- name: erase_attempts(subjects)!
DELETE FROM attempts WHERE subject IN (SELECT key FROM json_each(:subjects));

-- name: erase_do_not_send(keys)!
DELETE FROM do_not_send WHERE address IN (SELECT key FROM json_each(:keys));

-- name: erase_carriers(keys)!
DELETE FROM carriers WHERE address IN (SELECT key FROM json_each(:keys));

-- name: erase_talks(keys)!
DELETE FROM talks WHERE address IN (SELECT key FROM json_each(:keys));

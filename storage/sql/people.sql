-- name: bind(address, phone, proof, since, channel, language)!
INSERT INTO bindings (address, phone, proof, since, channel, language)
VALUES (:address, :phone, :proof, :since, :channel, :language)
ON CONFLICT (address) DO UPDATE SET
    phone = excluded.phone, proof = excluded.proof, since = excluded.since, channel = excluded.channel,
    language = excluded.language;

-- name: binding(address)^
SELECT b.address, b.phone, b.proof, b.since, b.channel, b.language, c.heard_at
FROM bindings AS b LEFT JOIN conversations AS c ON c.address = b.address
WHERE b.address = :address;

-- name: unbind(address)!
DELETE FROM bindings WHERE address = :address;

-- name: unbind_phone(phone)
DELETE FROM bindings WHERE phone = :phone RETURNING address;

-- name: lapse_bindings(silent_since)!
DELETE FROM bindings
WHERE since < :silent_since AND NOT EXISTS (
    SELECT 1 FROM conversations AS c WHERE c.address = bindings.address AND c.heard_at >= :silent_since
);

-- name: disown(phone, at)!
INSERT INTO disowned (phone, at) VALUES (:phone, :at)
ON CONFLICT (phone) DO UPDATE SET at = excluded.at WHERE excluded.at > disowned.at;

-- name: disowned(phone)$
SELECT at FROM disowned WHERE phone = :phone;

-- name: prefer(phone, scheme, important_only, at)!
INSERT INTO preferences (phone, scheme, important_only, at) VALUES (:phone, :scheme, :important_only, :at)
ON CONFLICT (phone) DO UPDATE SET
    scheme = excluded.scheme, important_only = excluded.important_only, at = excluded.at;

-- name: preference(phone)^
SELECT phone, scheme, important_only FROM preferences WHERE phone = :phone;

-- name: disown_preference(phone, at)!
DELETE FROM preferences WHERE phone = :phone AND at <= :at;

-- name: agree(address, purpose, wording, given_at, withdrawn_at)*!
INSERT INTO consents (address, purpose, wording, given_at, withdrawn_at)
VALUES (:address, :purpose, :wording, :given_at, :withdrawn_at)
ON CONFLICT DO NOTHING;

-- name: withdraw(address, purposes, at)!
UPDATE consents SET withdrawn_at = :at
WHERE address = :address AND withdrawn_at IS NULL AND purpose IN (SELECT key FROM json_each(:purposes));

-- name: consents(address)
SELECT address, purpose, wording, given_at, withdrawn_at FROM consents
WHERE address = :address
ORDER BY given_at, number;

-- name: consents_withdrawn(behind, most)
SELECT number, address, purpose, wording, given_at, withdrawn_at FROM consents
WHERE number > :behind AND withdrawn_at IS NOT NULL
ORDER BY number
LIMIT :most;

-- name: put_code(address, phone, digest, sent_at, expires_at, tries)!
INSERT INTO one_time_codes (address, phone, digest, sent_at, expires_at, tries)
VALUES (:address, :phone, :digest, :sent_at, :expires_at, :tries)
ON CONFLICT (address) DO UPDATE SET
    phone = excluded.phone, digest = excluded.digest, sent_at = excluded.sent_at, expires_at = excluded.expires_at,
    tries = excluded.tries;

-- name: drop_old_codes(before)!
DELETE FROM one_time_codes WHERE expires_at < :before;

-- name: code_of(address)^
SELECT address, phone, digest, sent_at, expires_at, tries FROM one_time_codes WHERE address = :address;

-- name: failed_try(address)!
UPDATE one_time_codes SET tries = tries + 1 WHERE address = :address;

-- name: drop_code(address)!
DELETE FROM one_time_codes WHERE address = :address;

-- What follows gives a chat another address. Where the new one has a row of its own already, that of the old one
-- takes its place: it has been written in for longer.

-- name: yield_binding(old, new)!
DELETE FROM bindings
WHERE address = :new AND EXISTS (SELECT 1 FROM bindings AS b WHERE b.address = :old);

-- name: yield_code(old, new)!
DELETE FROM one_time_codes
WHERE address = :new AND EXISTS (SELECT 1 FROM one_time_codes AS c WHERE c.address = :old);

-- name: yield_conversation(old, new)!
DELETE FROM conversations
WHERE address = :new AND EXISTS (SELECT 1 FROM conversations AS c WHERE c.address = :old);

-- name: yield_do_not_send(old, new)!
DELETE FROM do_not_send
WHERE address = :new AND EXISTS (SELECT 1 FROM do_not_send AS d WHERE d.address = :old);

-- name: yield_talk(old, new)!
DELETE FROM talks
WHERE address = :new AND EXISTS (SELECT 1 FROM talks AS t WHERE t.address = :old);

-- name: yield_follows(old, new)!
DELETE FROM follows
WHERE address = :new AND EXISTS (
    SELECT 1 FROM follows AS f WHERE f.address = :old AND f.source = follows.source AND f.code = follows.code
);

-- name: yield_surveys(old, new)!
DELETE FROM surveys
WHERE address = :new AND EXISTS (
    SELECT 1 FROM surveys AS s WHERE s.address = :old AND s.source = surveys.source AND s.code = surveys.code
);

-- name: yield_consents(old, new)!
DELETE FROM consents
WHERE address = :new AND withdrawn_at IS NULL AND EXISTS (
    SELECT 1 FROM consents AS c WHERE c.address = :old AND c.purpose = consents.purpose AND c.withdrawn_at IS NULL
);

-- name: move_binding(old, new)!
UPDATE bindings SET address = :new WHERE address = :old;

-- name: move_code(old, new)!
UPDATE one_time_codes SET address = :new WHERE address = :old;

-- name: move_conversation(old, new)!
UPDATE conversations SET address = :new WHERE address = :old;

-- name: move_do_not_send(old, new)!
UPDATE do_not_send SET address = :new WHERE address = :old;

-- name: move_talk(old, new)!
UPDATE talks SET address = :new WHERE address = :old;

-- name: move_follows(old, new)!
UPDATE follows SET address = :new WHERE address = :old;

-- name: move_surveys(old, new)!
UPDATE surveys SET address = :new WHERE address = :old;

-- name: move_consents(old, new)!
UPDATE consents SET address = :new WHERE address = :old;

-- name: move_feedback(old, new)!
UPDATE feedback SET address = :new WHERE address = :old;

-- name: move_inbound(old, new)!
UPDATE inbound SET address = :new WHERE address = :old;

-- name: move_messages(old, new)!
-- What was sent goes along too, so that the thread and an erasure find all of it under one address.
UPDATE outbox SET address = :new WHERE address = :old;

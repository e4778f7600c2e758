-- Searches of the staff. Each walks down an index from `at`, `code`, `source` (or `id`), over `scan` rows at most, and brings
-- the first `most` rows that are wished for, each with its number `n`; the last row that was looked at comes too, wished for or
-- not (`hit`), unless there were enough before it.

-- name: console_agencies()
-- Jumps from agency to agency in the index dossiers_agency.
WITH RECURSIVE known (agency) AS (
    SELECT MIN(agency) FROM dossiers
    UNION ALL
    SELECT (SELECT MIN(d.agency) FROM dossiers AS d WHERE d.agency > known.agency)
    FROM known
    WHERE known.agency IS NOT NULL
)
SELECT known.agency, (
    SELECT d.agency_name FROM dossiers AS d WHERE d.agency = known.agency
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC LIMIT 1
) AS agency_name
FROM known
WHERE known.agency IS NOT NULL
ORDER BY known.agency;

-- name: console_procedures(most)
WITH RECURSIVE known (procedure, n) AS (
    SELECT MIN(procedure), 1 FROM dossiers
    UNION ALL
    SELECT (SELECT MIN(d.procedure) FROM dossiers AS d WHERE d.procedure > known.procedure), known.n + 1
    FROM known
    WHERE known.procedure IS NOT NULL AND known.n < :most
)
SELECT known.procedure, (
    SELECT d.procedure_name FROM dossiers AS d WHERE d.procedure = known.procedure
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC LIMIT 1
) AS procedure_name
FROM known
WHERE known.procedure IS NOT NULL
ORDER BY known.procedure;

-- name: seek_agencies(agencies, everywhere, procedure, status, name, at, code, source, scan, most)
-- A walk for each agency, all in one statement.
SELECT (
    SELECT CAST(rows_as_json(w.at, w.code, w.source, w.hit, w.n) AS TEXT)
    FROM (
    SELECT w.at, w.code, w.source, w.hit, w.n
    FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        COALESCE(d.received_at, d.first_seen_at) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.agency = a.key AND COALESCE(d.received_at, d.first_seen_at) <= :at
        AND (COALESCE(d.received_at, d.first_seen_at), d.code, d.source) < (:at, :code, :source)
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
    ) AS w
    WHERE w.hit = 1 OR w.n = :scan
    ORDER BY w.n
    LIMIT :most
    ) AS w
) AS seen
FROM json_each(:agencies) AS a;

-- name: seek_procedure(agencies, everywhere, procedure, status, name, at, code, source, scan, most)
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        COALESCE(d.received_at, d.first_seen_at) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.procedure = :procedure AND COALESCE(d.received_at, d.first_seen_at) <= :at
        AND (COALESCE(d.received_at, d.first_seen_at), d.code, d.source) < (:at, :code, :source)
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_status(agencies, everywhere, procedure, status, name, at, code, source, scan, most)
-- The index dossiers_status is of this expression: see migration 0017.
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        COALESCE(d.received_at, d.first_seen_at) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE (d.status + 0) = :status AND COALESCE(d.received_at, d.first_seen_at) <= :at
        AND (COALESCE(d.received_at, d.first_seen_at), d.code, d.source) < (:at, :code, :source)
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_given(agencies, everywhere, procedure, status, name, at, code, source, scan, most, given)
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        COALESCE(d.received_at, d.first_seen_at) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.given = :given AND d.given <> '' AND COALESCE(d.received_at, d.first_seen_at) <= :at
        AND (COALESCE(d.received_at, d.first_seen_at), d.code, d.source) < (:at, :code, :source)
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_phone(agencies, everywhere, procedure, status, name, at, code, source, scan, most, phone)
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        COALESCE(d.received_at, d.first_seen_at) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.phone = :phone AND d.phone <> '' AND COALESCE(d.received_at, d.first_seen_at) <= :at
        AND (COALESCE(d.received_at, d.first_seen_at), d.code, d.source) < (:at, :code, :source)
    ORDER BY COALESCE(d.received_at, d.first_seen_at) DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_code(agencies, everywhere, procedure, status, name, code, source, scan, most, first, last)
-- From the highest code down; `at` says nothing here.
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        CAST(0 AS BIGINT) AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.code >= :first AND d.code < :last AND d.code <= :code AND (d.code, d.source) < (:code, :source)
    ORDER BY d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_late(agencies, everywhere, procedure, status, name, at, code, source, scan, most, now)
-- The statuses are those of the index dossiers_deadline; where the clock stands nothing is late (deadlines.sql).
SELECT w.at, w.code, w.source, w.hit, w.n
FROM (
    SELECT u.at, u.code, u.source, u.hit, ROW_NUMBER() OVER (ORDER BY u.at DESC, u.code DESC, u.source DESC) AS n
    FROM (
    SELECT
        d.due_at AS at, d.code, d.source,
        CASE WHEN (:everywhere = 1 OR d.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:procedure = '' OR d.procedure = :procedure) AND (:status < 0 OR d.status = :status)
            AND (:name = '' OR ' ' || d.name_words LIKE :name)
        THEN 1 ELSE 0 END AS hit
    FROM dossiers AS d
    WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at IS NOT NULL AND d.due_at <= :now AND d.due_at <= :at
        AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
        AND (d.due_at, d.code, d.source) < (:at, :code, :source)
    ORDER BY d.due_at DESC, d.code DESC, d.source DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_lines(keys)
SELECT
    d.code, d.source, d.status, d.status_text, d.agency, d.agency_name, d.procedure_name, d.applicant, d.phone,
    d.received_at, d.due_at, d.finished_at
FROM json_each(:keys) AS k CROSS JOIN dossiers AS d
WHERE d.code = k.value ->> 'code' AND d.source = k.value ->> 'source';

-- name: console_senders()
-- Agencies in whose name messages were written.
WITH RECURSIVE known (agency) AS (
    SELECT MIN(agency) FROM outbox WHERE agency <> ''
    UNION ALL
    SELECT (SELECT MIN(o.agency) FROM outbox AS o WHERE o.agency <> '' AND o.agency > known.agency)
    FROM known
    WHERE known.agency IS NOT NULL
)
SELECT agency FROM known WHERE agency IS NOT NULL ORDER BY agency;

-- name: seek_newest(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT w.id, w.state, w.hit, w.n
FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE true AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_failed(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT w.id, w.state, w.hit, w.n
FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE (o.state = 'failed' OR o.state = 'expired' OR o.state = 'suppressed') AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_unsent(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT w.id, w.state, w.hit, w.n
FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE (o.state = 'suppressed' OR o.state = 'superseded' OR o.state = 'cancelled') AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_uncertain(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT w.id, w.state, w.hit, w.n
FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE o.state = 'uncertain' AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_about(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT w.id, w.state, w.hit, w.n
FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE o.code = :code AND o.code <> '' AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
) AS w
WHERE w.hit = 1 OR w.n = :scan
ORDER BY w.n
LIMIT :most;

-- name: seek_senders(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most)
SELECT (
    SELECT CAST(rows_as_json(w.id, w.state, w.hit, w.n) AS TEXT)
    FROM (
    SELECT w.id, w.state, w.hit, w.n
    FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE o.agency = a.key AND o.agency <> '' AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
    ) AS w
    WHERE w.hit = 1 OR w.n = :scan
    ORDER BY w.n
    LIMIT :most
    ) AS w
) AS seen
FROM json_each(:agencies) AS a;

-- name: seek_recipients(agencies, everywhere, outcome, states, channel, situation, code, before, since, scan, most, addresses)
SELECT (
    SELECT CAST(rows_as_json(w.id, w.state, w.hit, w.n) AS TEXT)
    FROM (
    SELECT w.id, w.state, w.hit, w.n
    FROM (
    SELECT u.id, u.state, u.hit, ROW_NUMBER() OVER (ORDER BY u.id DESC) AS n
    FROM (
    SELECT
        o.id, o.state,
        CASE WHEN (:everywhere = 1 OR o.agency IN (SELECT key FROM json_each(:agencies)))
            AND (:outcome = '' OR o.state IN (SELECT key FROM json_each(:states)))
            AND (:channel = '' OR o.gateway = :channel OR o.channel = :channel)
            AND (:situation = '' OR o.situation = :situation) AND (:code = '' OR o.code = :code)
        THEN 1 ELSE 0 END AS hit
    FROM outbox AS o
    WHERE o.address = a.key AND o.id < :before AND o.id >= :since
    ORDER BY o.id DESC
    LIMIT :scan
    ) AS u
    ) AS w
    WHERE w.hit = 1 OR w.n = :scan
    ORDER BY w.n
    LIMIT :most
    ) AS w
) AS seen
FROM json_each(:addresses) AS a;

-- name: seek_items(ids)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM json_each(:ids) AS k CROSS JOIN outbox AS o
WHERE o.id = k.key;

-- name: story_messages(source, code, most)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM outbox AS o
WHERE o.code = :code AND o.code <> '' AND o.source = :source
ORDER BY o.id DESC
LIMIT :most;

-- name: story_newer(id, source, code, addresses, own, most)
-- `own` is how the origins of its own repetitions begin.
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM outbox AS o
WHERE o.code = :code AND o.code <> '' AND o.id > :id AND o.source = :source
    AND o.address IN (SELECT key FROM json_each(:addresses)) AND o.state NOT IN ('suppressed', 'cancelled')
    AND SUBSTR(o.origin, 1, LENGTH(:own)) <> :own
ORDER BY o.id
LIMIT :most;

-- name: story_resends(first, last)
SELECT
    o.id, o.dedupe_key, o.origin, o.channel, o.address, o.lane, o.situation, o.text, o.source, o.code, o.parts,
    o.created_at, o.next_at, o.expires_at, o.status, o.appointment_at, o.state, o.attempts, o.reason, o.sent_at,
    o.settled_at, o.agency, o.route, o.sender, o.gateway, o.carrier, o.cost, o.attached, o.way, o.fallback_at,
    o.seen_at
FROM outbox AS o
WHERE o.origin >= :first AND o.origin < :last
ORDER BY o.id;

-- name: story_message(id)^
SELECT o.attached, (SELECT b.rule FROM bypasses AS b WHERE b.item_id = o.id) AS rule,
    (SELECT b.ordered_by FROM bypasses AS b WHERE b.item_id = o.id) AS ordered_by,
    (SELECT u.since FROM do_not_send AS u WHERE u.address = o.address) AS unwanted_since
FROM outbox AS o
WHERE o.id = :id;

-- name: story_parts(ids)
SELECT p.item_id, p.number, p.reference, p.state, p.at, p.channel, p.way
FROM json_each(:ids) AS k CROSS JOIN parts AS p
WHERE p.item_id = k.key
ORDER BY p.item_id, p.way, p.number, p.reference;

-- name: story_asked(code, most)
SELECT address, heard_at FROM conversations
WHERE about = :code AND about <> '' AND heard_at IS NOT NULL
ORDER BY heard_at DESC
LIMIT :most;

-- name: story_attempts(code, most)
SELECT at FROM attempts WHERE kind = 'code' AND subject = :code ORDER BY at DESC LIMIT :most;

-- name: story_feedback(code, most)
SELECT
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
FROM feedback
WHERE code = :code AND code <> ''
ORDER BY at DESC, number
LIMIT :most;

-- name: story_surveys(source, code)
SELECT source, code, address, agency, asked_at, score, reason, answered_at
FROM surveys
WHERE source = :source AND code = :code
ORDER BY asked_at, address;

-- name: story_cost(source, code)$
SELECT cost FROM dossier_spending WHERE source = :source AND code = :code;

-- name: story_unwanted(address)^
SELECT since, ordered_by, reason FROM do_not_send WHERE address = :address;

-- name: unnamed(most)
SELECT code, source, applicant FROM dossiers WHERE name_words = '' AND applicant <> '' LIMIT :most;

-- name: unnamed_among(dossiers)
SELECT d.code, d.source, d.applicant
FROM json_each(:dossiers) AS wanted CROSS JOIN dossiers AS d
WHERE d.code = wanted.value ->> 'code' AND d.source = wanted.value ->> 'source' AND d.name_words = ''
FOR UPDATE OF d;

-- name: name_dossier(name_words, given, code, source)*!
UPDATE dossiers SET name_words = :name_words, given = :given WHERE code = :code AND source = :source AND name_words = '';

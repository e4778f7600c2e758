-- name: broadcast_number(day)$
INSERT INTO numbers (prefix, day, last) VALUES ('PT', :day, 1)
ON CONFLICT (prefix, day) DO UPDATE SET last = numbers.last + 1
RETURNING last;

-- name: broadcasts_one_by_one()!
-- Whoever decides over several of them holds this row.
INSERT INTO numbers (prefix, day, last) VALUES ('PT', '', 0)
ON CONFLICT (prefix, day) DO UPDATE SET last = 0;

-- name: broadcast_add(id, origins, title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns, twice, people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision, submitted_at, submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out, handed_to, pages, drawing)!
INSERT INTO broadcasts (
    id, origins, title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns,
    twice, people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision,
    submitted_at, submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out,
    handed_to, pages, drawing
) VALUES (
    :id, :origins, :title, :agency, :state, :revision, :wording, :language, :audience, :list_name, :list_digest,
    :list_columns, :twice, :people, :counted, :counted_revision, :starts_at, :made_at, :made_by, :changed_by,
    :tested_revision, :submitted_at, :submitted_by, :needs_approval, :approved_at, :approved_by, :began_at,
    :ended_at, :why, :handed_out, :handed_to, :pages, :drawing
);

-- name: broadcast_save(title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns, twice, people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision, submitted_at, submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out, handed_to, pages, drawing, id)!
UPDATE broadcasts SET
    title = :title, agency = :agency, state = :state, revision = :revision, wording = :wording, language =
    :language, audience = :audience, list_name = :list_name, list_digest = :list_digest, list_columns =
    :list_columns, twice = :twice, people = :people, counted = :counted, counted_revision = :counted_revision,
    starts_at = :starts_at, made_at = :made_at, made_by = :made_by, changed_by = :changed_by, tested_revision =
    :tested_revision, submitted_at = :submitted_at, submitted_by = :submitted_by, needs_approval = :needs_approval,
    approved_at = :approved_at, approved_by = :approved_by, began_at = :began_at, ended_at = :ended_at, why = :why,
    handed_out = :handed_out, handed_to = :handed_to, pages = :pages, drawing = :drawing
WHERE id = :id;

-- name: broadcast_one(id)^
SELECT
    id, title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns, twice,
    people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision, submitted_at,
    submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out, handed_to, pages,
    drawing
FROM broadcasts
WHERE id = :id
FOR UPDATE;

-- name: broadcasts_listed(agencies, everywhere, states, any_state, before, most)
SELECT
    id, title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns, twice,
    people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision, submitted_at,
    submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out, handed_to, pages,
    drawing
FROM broadcasts
WHERE (:before = '' OR id < :before)
    AND (:any_state = 1 OR state IN (SELECT key FROM json_each(:states)))
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY id DESC
LIMIT :most;

-- name: broadcasts_in(states)
SELECT
    id, title, agency, state, revision, wording, language, audience, list_name, list_digest, list_columns, twice,
    people, counted, counted_revision, starts_at, made_at, made_by, changed_by, tested_revision, submitted_at,
    submitted_by, needs_approval, approved_at, approved_by, began_at, ended_at, why, handed_out, handed_to, pages,
    drawing
FROM broadcasts
WHERE state IN (SELECT key FROM json_each(:states))
ORDER BY id;

-- name: broadcast_sent_with(digest)$
SELECT MIN(id) FROM broadcasts
WHERE list_digest = :digest AND list_digest <> '' AND (
    state IN ('submitted', 'approved', 'running', 'tried', 'paused', 'done')
    OR (state = 'cancelled' AND began_at IS NOT NULL)
);

-- name: broadcast_act(broadcast, at, what, done_by, detail)!
INSERT INTO broadcast_acts (broadcast, number, at, what, done_by, detail)
SELECT
    CAST(:broadcast AS TEXT), COALESCE(MAX(number), 0) + 1, CAST(:at AS BIGINT), CAST(:what AS TEXT),
    CAST(:done_by AS TEXT), CAST(:detail AS TEXT)
FROM broadcast_acts
WHERE broadcast = :broadcast;

-- name: broadcast_acts_of(broadcast)
SELECT at, what, done_by, detail FROM broadcast_acts WHERE broadcast = :broadcast ORDER BY number;

-- name: broadcast_rows_add(broadcast, rows)!
-- The lowest number of a phone stays.
INSERT INTO broadcast_recipients (broadcast, number, phone, source, code, agency, contents, left_out)
SELECT
    CAST(:broadcast AS TEXT), CAST(v.key AS BIGINT), v.value ->> 'phone', v.value ->> 'source', v.value ->> 'code',
    v.value ->> 'agency', v.value ->> 'contents', v.value ->> 'left_out'
FROM json_each(:rows) AS v
WHERE CAST(v.key AS BIGINT) > 0
ORDER BY CAST(v.key AS BIGINT)
ON CONFLICT DO NOTHING;

-- name: broadcast_rows_drop(broadcast, most)!
DELETE FROM broadcast_recipients
WHERE broadcast = :broadcast AND number IN (
    SELECT r.number FROM broadcast_recipients AS r WHERE r.broadcast = :broadcast ORDER BY r.number LIMIT :most
);

-- name: broadcast_rows(broadcast, after, most)
SELECT number, phone, source, code, agency, contents, left_out
FROM broadcast_recipients
WHERE broadcast = :broadcast AND number > :after
ORDER BY number
LIMIT :most;

-- name: broadcast_rows_leave_out(broadcast, late, reasons)!
UPDATE broadcast_recipients SET left_out = v.value ->> 'why', left_late = :late
FROM json_each(:reasons) AS v
WHERE broadcast = :broadcast AND number = CAST(v.key AS BIGINT);

-- name: broadcast_left_out(broadcast, late)
SELECT left_out, COUNT(*) AS people
FROM broadcast_recipients
WHERE broadcast = :broadcast AND left_late = :late AND left_out <> ''
GROUP BY left_out
ORDER BY left_out;

-- name: broadcast_meant(agencies, everywhere, procedures, any_procedure, statuses, any_status, since, until, any_date, lateness, now, after_code, after_source, most)
-- Late: as bot.lateness has it, the clock runs and the deadline has passed.
SELECT d.source, d.code, d.agency, d.phone, d.received_at
FROM dossiers AS d
WHERE (d.code, d.source) > (:after_code, :after_source)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE d.agency = g.key OR SUBSTR(d.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    AND (:any_procedure = 1 OR d.procedure IN (SELECT key FROM json_each(:procedures)))
    AND (:any_status = 1 OR CAST(d.status AS TEXT) IN (SELECT key FROM json_each(:statuses)))
    AND (:any_date = 1 OR (d.received_at >= :since AND d.received_at < :until))
    AND (
        :lateness = ''
        OR (
            d.status IN (0, 1, 2, 4, 5, 6) AND (:lateness = 'late') = (
                d.status <> 5 AND COALESCE(d.due_at <= :now, FALSE)
                AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
            )
        )
    )
ORDER BY d.code, d.source
LIMIT :most;

-- name: broadcast_still_meant(dossiers, agencies, everywhere, procedures, any_procedure, statuses, any_status, since, until, any_date, lateness, now)
SELECT d.source, d.code
FROM json_each(:dossiers) AS w CROSS JOIN dossiers AS d
WHERE d.code = w.value ->> 'code' AND d.source = w.value ->> 'source'
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE d.agency = g.key OR SUBSTR(d.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    AND (:any_procedure = 1 OR d.procedure IN (SELECT key FROM json_each(:procedures)))
    AND (:any_status = 1 OR CAST(d.status AS TEXT) IN (SELECT key FROM json_each(:statuses)))
    AND (:any_date = 1 OR (d.received_at >= :since AND d.received_at < :until))
    AND (
        :lateness = ''
        OR (
            d.status IN (0, 1, 2, 4, 5, 6) AND (:lateness = 'late') = (
                d.status <> 5 AND COALESCE(d.due_at <= :now, FALSE)
                AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
            )
        )
    );

-- name: broadcast_unwanted(addresses)
SELECT d.address FROM json_each(:addresses) AS w CROSS JOIN do_not_send AS d WHERE d.address = w.key;

-- name: broadcast_tallies(first, last)
SELECT channel, state, COUNT(*) AS messages, COALESCE(SUM(cost), 0) AS cost
FROM outbox
WHERE lane = 2 AND origin >= :first AND origin < :last
GROUP BY channel, state
ORDER BY channel, state;

-- name: broadcast_waiting(first, last)$
-- Page by page, so that what has left is not walked through: of a million messages that would be all.
SELECT COUNT(*)
FROM plans AS p CROSS JOIN outbox AS o
WHERE p.origin >= :first AND p.origin < :last
    AND o.lane = 2 AND o.origin = p.origin AND o.state IN ('queued', 'sending', 'held');

-- name: broadcast_stop(first, last, reason, at)!
-- What may have been sent already stays where it can be repeated.
UPDATE outbox SET state = 'held', held_for = 'broadcast', reason = :reason, settled_at = :at
WHERE lane = 2 AND origin >= :first AND origin < :last AND state = 'queued' AND held_for <> 'repetition';

-- name: broadcast_let_go(first, last, now)
UPDATE outbox SET state = 'queued', held_for = '', reason = '', next_at = :now, settled_at = NULL
WHERE lane = 2 AND origin >= :first AND origin < :last AND state = 'held' AND held_for = 'broadcast'
    AND expires_at > :now
RETURNING channel;

-- name: broadcast_cancel(first, last, reason, at)!
UPDATE outbox SET
    state = CASE WHEN way > 0 AND sent_at IS NOT NULL THEN 'accepted' ELSE 'cancelled' END,
    held_for = '', reason = :reason, settled_at = :at
WHERE lane = 2 AND origin >= :first AND origin < :last AND state IN ('queued', 'held') AND held_for <> 'repetition';

-- name: broadcast_results(broadcast, after, most)
SELECT
    r.number, r.phone, r.code, r.left_out, o.state, o.address, o.reason,
    COALESCE(o.settled_at, o.created_at) AS at
FROM (
    SELECT number, phone, code, left_out FROM broadcast_recipients
    WHERE broadcast = :broadcast AND number > :after
    ORDER BY number
    LIMIT :most
) AS r
/*postgres LEFT JOIN outbox_keys AS k
    ON r.phone <> '' AND k.dedupe_key = 'broadcast:' || CAST(:broadcast AS TEXT) || ':sms:' || r.phone */
LEFT JOIN outbox AS o
    ON /*postgres o.id = k.id AND */ r.phone <> '' AND o.dedupe_key = 'broadcast:' || CAST(:broadcast AS TEXT) || ':sms:' || r.phone
ORDER BY r.number;

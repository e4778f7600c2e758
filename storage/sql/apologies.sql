-- name: apologies_wanted(since, until, shortest, after_due, after_code, after_source, most)
SELECT d.code, d.source, d.agency, d.agency_name, d.procedure_name, d.status, d.due_at, d.steps
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at > :since AND d.due_at <= :until
    AND (d.due_at, d.code, d.source) > (:after_due, :after_code, :after_source)
    AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%') AND d.due_at > d.first_seen_at
    AND (d.received_at IS NULL OR d.due_at - d.received_at >= :shortest)
    AND NOT EXISTS (
        SELECT 1 FROM apologies AS a
        WHERE a.code = d.code AND a.source = d.source AND a.old_at = d.due_at AND a.state <> 'withdrawn'
    )
ORDER BY d.due_at, d.code, d.source
LIMIT :most;

-- name: apologies_at(deadlines)
-- What there is for these deadlines already.
SELECT
    a.id, a.source, a.code, a.agency, a.agency_name, a.state, a.reason, a.text, a.old_at, a.new_at, a.limit_at, a.form,
    a.drafted_at, a.drafted_by, a.changed_at, a.changed_by, a.decided_at, a.decided_by, a.why, a.override_why, a.fate,
    a.message
FROM json_each(:deadlines) AS v CROSS JOIN apologies AS a
WHERE a.code = v.value ->> 'code' AND a.source = v.value ->> 'source'
    AND a.old_at = CAST(v.value ->> 'old_at' AS BIGINT)
ORDER BY a.id
FOR UPDATE OF a;

-- name: apology_numbers(day, number)$
INSERT INTO numbers (prefix, day, last) VALUES ('XL', :day, :number)
ON CONFLICT (prefix, day) DO UPDATE SET last = numbers.last + excluded.last
RETURNING last;

-- name: apology_add(id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by, changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message)*!
INSERT INTO apologies (
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
) VALUES (
    :id, :source, :code, :agency, :agency_name, :state, :reason, :text, :old_at, :new_at, :limit_at, :form,
    :drafted_at, :drafted_by, :changed_at, :changed_by, :decided_at, :decided_by, :why, :override_why, :fate, :message
)
ON CONFLICT DO NOTHING;

-- name: apology_save(state, reason, text, new_at, limit_at, form, drafted_at, drafted_by, changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message, id)*!
UPDATE apologies SET
    state = :state, reason = :reason, text = :text, new_at = :new_at, limit_at = :limit_at, form = :form,
    drafted_at = :drafted_at, drafted_by = :drafted_by, changed_at = :changed_at, changed_by = :changed_by,
    decided_at = :decided_at, decided_by = :decided_by, why = :why, override_why = :override_why, fate = :fate,
    message = :message
WHERE id = :id;

-- name: apologies_arrived(ids)
SELECT a.id FROM json_each(:ids) AS v CROSS JOIN apologies AS a WHERE a.id = v.key;

-- name: apologies_needless(most)
-- The drafts are read in the order of their small index, their dossiers by the key.
SELECT a.id
FROM apologies AS a
WHERE a.state = 'draft' AND NOT EXISTS (
    SELECT 1 FROM dossiers AS d
    WHERE d.code = a.code AND d.source = a.source AND d.status IN (0, 1, 2, 4, 6)
        AND d.due_at = a.old_at AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
)
ORDER BY a.old_at, a.id
LIMIT :most;

-- name: apologies_withdraw(ids, at)
-- The same condition once more: they were found some time ago. The reasons are read by people: see bot.show_apologies.
UPDATE apologies SET
    state = 'withdrawn', decided_at = :at, decided_by = '',
    why = COALESCE((
        SELECT CASE
            WHEN d.status = 5 THEN 'a supplement was asked for'
            WHEN d.status NOT IN (0, 1, 2, 4, 6) THEN 'the work has ended'
            WHEN NOT (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%') THEN 'the clock stands'
            ELSE 'the deadline has moved'
        END
        FROM dossiers AS d WHERE d.code = apologies.code AND d.source = apologies.source
    ), 'the dossier is gone')
WHERE id IN (SELECT key FROM json_each(:ids)) AND state = 'draft' AND NOT EXISTS (
    SELECT 1 FROM dossiers AS d
    WHERE d.code = apologies.code AND d.source = apologies.source AND d.status IN (0, 1, 2, 4, 6)
        AND d.due_at = apologies.old_at AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
)
RETURNING
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message;

-- name: apology_one(id)^
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM apologies
WHERE id = :id
FOR UPDATE;

-- name: apologies_of(source, code)
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM apologies
WHERE code = :code AND source = :source
ORDER BY old_at;

-- name: apologies_drafts(agencies, everywhere, most)
-- Written out, so that the small index of the drafts can be used.
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM apologies
WHERE state = 'draft' AND (:everywhere = 1 OR EXISTS (
    SELECT 1 FROM json_each(:agencies) AS g
    WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
))
ORDER BY old_at, id
LIMIT :most;

-- name: apologies_waiting(agencies, everywhere)$
SELECT COUNT(*)
FROM apologies
WHERE state = 'draft' AND (:everywhere = 1 OR EXISTS (
    SELECT 1 FROM json_each(:agencies) AS g
    WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
));

-- name: apologies_listed(states, agencies, everywhere, most)
-- The latest deadlines, the earliest of them first.
SELECT
    id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at, drafted_by,
    changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
FROM (
    SELECT
        id, source, code, agency, agency_name, state, reason, text, old_at, new_at, limit_at, form, drafted_at,
        drafted_by, changed_at, changed_by, decided_at, decided_by, why, override_why, fate, message
    FROM apologies
    WHERE state IN (SELECT key FROM json_each(:states)) AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE agency = g.key OR SUBSTR(agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    ORDER BY old_at DESC, id DESC
    LIMIT :most
) AS newest
ORDER BY old_at, id;

-- name: apologies_counts()
SELECT state, COUNT(*) AS apologies FROM apologies GROUP BY state;

-- name: apology_act(apology, at, what, done_by, detail)*!
INSERT INTO apology_acts (apology, number, at, what, done_by, detail)
SELECT
    CAST(:apology AS TEXT), COALESCE(MAX(number), 0) + 1, CAST(:at AS BIGINT), CAST(:what AS TEXT),
    CAST(:done_by AS TEXT), CAST(:detail AS TEXT)
FROM apology_acts
WHERE apology = :apology;

-- name: apology_acts_of(apology)
SELECT at, what, done_by, detail FROM apology_acts WHERE apology = :apology ORDER BY number;

-- name: apologies_authors(ids)
-- Of the present draft: one that was rejected and drafted anew has other authors.
SELECT DISTINCT a.apology, a.done_by
FROM json_each(:ids) AS i CROSS JOIN apology_acts AS a
WHERE a.apology = i.key AND a.what IN ('drafted', 'changed') AND a.done_by <> ''
    AND a.number >= (SELECT MAX(b.number) FROM apology_acts AS b WHERE b.apology = i.key AND b.what = 'drafted');

-- name: apology_hold_source(source)!
UPDATE sources SET revision = revision + 1 WHERE name = :source;

-- name: apology_promise(code, source, new_at)!
UPDATE dossiers SET promised_at = :new_at, due_at = :new_at WHERE code = :code AND source = :source;

-- name: apologies_figures(since, until)
-- What was said to the owner by whichever way; a follower's copy is none of it (bot.apologies.FOLLOWER).
SELECT
    told.agency, MAX(told.agency_name) AS agency_name, COUNT(*) AS drafted,
    COUNT(*) FILTER (WHERE told.state = 'approved') AS approved,
    COUNT(*) FILTER (WHERE told.state = 'approved' AND told.decided_at > told.limit_at) AS after_limit,
    COUNT(*) FILTER (WHERE told.sent_at IS NOT NULL) AS sent,
    COUNT(*) FILTER (WHERE told.sent_at <= told.limit_at) AS in_time,
    COUNT(*) FILTER (WHERE told.arrived > 0) AS reached
FROM (
    SELECT
        a.agency, a.agency_name, a.state, a.decided_at, a.limit_at,
        (
            SELECT MIN(o.sent_at) FROM outbox AS o
            WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%'
        ) AS sent_at,
        (
            SELECT COUNT(*) FROM outbox AS o
            WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%' AND o.state = 'delivered'
        ) AS arrived
    FROM apologies AS a
    WHERE a.old_at >= :since AND a.old_at < :until
) AS told
GROUP BY told.agency
ORDER BY told.agency;

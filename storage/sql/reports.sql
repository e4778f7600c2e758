-- What is counted of a day, and what is kept of it. Days are told by their number in Vietnam.

-- name: reports_received(since, until)
SELECT
    d.agency, d.procedure, MAX(d.agency_name) AS agency_name, MAX(d.procedure_name) AS procedure_name,
    COUNT(*) AS received,
    COUNT(*) FILTER (WHERE d.terms LIKE '["counter"%') AS counter,
    COUNT(*) FILTER (WHERE d.terms LIKE '["online"%') AS online,
    COUNT(*) FILTER (WHERE d.terms LIKE '["post"%') AS post
FROM dossiers AS d
WHERE d.received_at >= :since AND d.received_at < :until
GROUP BY d.agency, d.procedure;

-- name: reports_ended(since, until, subtracting)
-- One row a dossier. The rule is that of deadlines_ended: a deadline at midnight is one without an hour, and more than
-- one supplement counts as late. `verdict`: 0 undated, 1 early, 2 on time, 3 late, 4 its waiting has to be taken off.
SELECT
    j.code, j.source, j.agency, j.procedure, j.agency_name, j.procedure_name, j.due_at, j.ended_at,
    CASE
        WHEN j.due_at IS NULL THEN 0
        WHEN j.is_twice = 0 AND j.has_waited = 1 THEN 4
        WHEN j.is_twice = 1 THEN 3
        WHEN j.end_day < j.due_day THEN 1
        WHEN j.end_day = j.due_day AND (j.is_whole_day = 1 OR j.ended_at <= j.due_at) THEN 2
        ELSE 3
    END AS verdict
FROM (
    SELECT
        d.code, d.source, d.agency, d.procedure, d.agency_name, d.procedure_name, d.due_at,
        COALESCE(d.finished_at, d.progressed_at) AS ended_at,
        (COALESCE(d.finished_at, d.progressed_at) + 25200000) / 86400000 AS end_day,
        (d.due_at + 25200000) / 86400000 AS due_day,
        CASE WHEN (d.due_at + 25200000) % 86400000 = 0 THEN 1 ELSE 0 END AS is_whole_day,
        CASE WHEN d.waits LIKE '%], [%' THEN 1 ELSE 0 END AS is_twice,
        CASE
            WHEN (d.waits <> '' OR d.terms LIKE '%,[[%') AND d.source IN (SELECT key FROM json_each(:subtracting)) THEN 1
            ELSE 0
        END AS has_waited
    FROM dossiers AS d
    WHERE d.status IN (3, 8, 9, 10)
        AND COALESCE(d.finished_at, d.progressed_at) >= :since AND COALESCE(d.finished_at, d.progressed_at) < :until
) AS j;

-- name: reports_supplements(since, until)
SELECT a.agency, a.procedure, COUNT(*) AS supplements, COUNT(*) FILTER (WHERE a.is_again = 1) AS supplements_again
FROM (
    SELECT
        d.agency, d.procedure,
        CASE WHEN EXISTS (
            SELECT 1 FROM changes AS e
            WHERE e.source = c.source AND e.code = c.code AND e.number < c.number
                AND e.kind IN ('appeared', 'status') AND e.status_after = 5
        ) THEN 1 ELSE 0 END AS is_again
    FROM changes AS c CROSS JOIN dossiers AS d
    WHERE c.at >= :since AND c.at < :until AND c.kind IN ('appeared', 'status') AND c.status_after = 5
        AND d.code = c.code AND d.source = c.source
) AS a
GROUP BY a.agency, a.procedure;

-- name: reports_apologised(since, until)
-- As apologies_figures.
SELECT
    told.agency, told.procedure, COUNT(*) AS apologies,
    COUNT(*) FILTER (WHERE told.decided_at > told.limit_at) AS apologies_after_limit,
    COUNT(*) FILTER (WHERE told.sent_at IS NOT NULL) AS apologies_sent,
    COUNT(*) FILTER (WHERE told.sent_at <= told.limit_at) AS apologies_in_time,
    COUNT(*) FILTER (WHERE told.arrived > 0) AS apologies_reached
FROM (
    SELECT
        a.agency, COALESCE(d.procedure, '') AS procedure, a.decided_at, a.limit_at,
        (
            SELECT MIN(o.sent_at) FROM outbox AS o
            WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%'
        ) AS sent_at,
        (
            SELECT COUNT(*) FROM outbox AS o
            WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%' AND o.state = 'delivered'
        ) AS arrived
    FROM apologies AS a LEFT JOIN dossiers AS d ON d.code = a.code AND d.source = a.source
    WHERE a.old_at >= :since AND a.old_at < :until AND a.state = 'approved'
) AS told
GROUP BY told.agency, told.procedure;

-- name: reports_surveyed(since, until)
SELECT
    s.agency, COALESCE(d.procedure, '') AS procedure, COUNT(*) AS asked,
    COUNT(*) FILTER (WHERE s.score = 1) AS very_satisfied, COUNT(*) FILTER (WHERE s.score = 2) AS satisfied,
    COUNT(*) FILTER (WHERE s.score = 3) AS not_satisfied
FROM surveys AS s LEFT JOIN dossiers AS d ON d.code = s.code AND d.source = s.source
WHERE s.asked_at >= :since AND s.asked_at < :until
GROUP BY s.agency, COALESCE(d.procedure, '');

-- name: reports_feedback(since, until)
SELECT agency, at, answered_at FROM feedback WHERE at >= :since AND at < :until;

-- name: reports_messages_day(first, last)
-- By the id, which begins with the time of planning. What staff try on themselves is a test, whatever it tries.
SELECT
    o.agency, o.scheme, o.channel, o.situation, o.state, COUNT(*) AS messages, CAST(SUM(o.parts) AS BIGINT) AS parts,
    CAST(SUM(o.cost) AS BIGINT) AS cost
FROM (
    SELECT
        agency, CASE WHEN origin LIKE 'test:%' THEN 'test' ELSE situation END AS situation, state, parts,
        COALESCE(cost, 0) AS cost,
        CASE WHEN gateway = '' THEN channel ELSE gateway END AS channel,
        CASE
            WHEN address LIKE 'sms:%' THEN 'sms'
            WHEN address LIKE 'zalo:%' THEN 'zalo'
            WHEN address LIKE 'zalophone:%' THEN 'zalophone'
            WHEN address LIKE 'zalobot:%' THEN 'zalobot'
            WHEN address LIKE 'telegram:%' THEN 'telegram'
            WHEN address LIKE 'webchat:%' THEN 'webchat'
            WHEN address LIKE 'email:%' THEN 'email'
            ELSE ''
        END AS scheme
    FROM outbox
    WHERE id >= :first AND id < :last
) AS o
GROUP BY o.agency, o.scheme, o.channel, o.situation, o.state;

-- name: reports_heard_day(since, until)
SELECT channel, outcome, COUNT(*) AS messages FROM inbound WHERE at >= :since AND at < :until GROUP BY channel, outcome;

-- name: reports_touched(since, until)
-- Where a dossier that has changed is counted, and where it may have been.
WITH moved AS MATERIALIZED (SELECT DISTINCT source, code FROM changes WHERE at >= :since AND at < :until)
SELECT DISTINCT touched.day FROM (
    SELECT (d.received_at + 25200000) / 86400000 AS day
    FROM moved AS m CROSS JOIN dossiers AS d WHERE d.code = m.code AND d.source = m.source
    UNION ALL
    SELECT (COALESCE(d.finished_at, d.progressed_at) + 25200000) / 86400000
    FROM moved AS m CROSS JOIN dossiers AS d
    WHERE d.code = m.code AND d.source = m.source AND d.status IN (3, 8, 9, 10)
    UNION ALL
    SELECT (c.at + 25200000) / 86400000
    FROM moved AS m CROSS JOIN changes AS c
    WHERE c.source = m.source AND c.code = m.code AND c.status_after IN (3, 5, 8, 9, 10)
    UNION ALL
    SELECT (l.ended_at + 25200000) / 86400000
    FROM moved AS m CROSS JOIN report_late AS l WHERE l.code = m.code AND l.source = m.source
) AS touched
WHERE touched.day IS NOT NULL;

-- name: reports_first_day()$
SELECT MIN(first.at) FROM (
    SELECT MIN(received_at) AS at FROM dossiers
    UNION ALL
    SELECT MIN(COALESCE(finished_at, progressed_at)) FROM dossiers WHERE status IN (3, 8, 9, 10)
    UNION ALL
    SELECT MIN(at) FROM inbound
    UNION ALL
    SELECT (SELECT created_at FROM outbox ORDER BY id LIMIT 1)
) AS first;

-- name: reports_days(first, last)
SELECT day, computed_at, wanted_at FROM report_days WHERE day >= :first AND day <= :last;

-- name: reports_want(days, at)!
INSERT INTO report_days (day, computed_at, wanted_at)
SELECT w.key, NULL, CAST(:at AS BIGINT) FROM json_each(:days) AS w WHERE true ORDER BY w.key
ON CONFLICT (day) DO UPDATE SET wanted_at = excluded.wanted_at;

-- name: reports_computed(day, at)!
-- First of a writing: whoever else writes that day waits here until this is done.
INSERT INTO report_days (day, computed_at, wanted_at) VALUES (:day, :at, NULL)
ON CONFLICT (day) DO UPDATE SET computed_at = excluded.computed_at;

-- name: reports_seen()$
SELECT at FROM report_seen WHERE name = 'changes';

-- name: reports_trimmed()$
SELECT at FROM report_seen WHERE name = 'trimmed';

-- name: reports_standing_at()$
SELECT at FROM report_seen WHERE name = 'standing';

-- name: reports_note_seen(name, at)!
INSERT INTO report_seen (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at;

-- name: reports_dossiers_of(period)
SELECT
    agency, procedure,
    received, counter, online, post, early, on_time, late, undated, supplements, supplements_again, apologies,
    apologies_after_limit, apologies_sent, apologies_in_time, apologies_reached, asked, very_satisfied, satisfied,
    not_satisfied, feedback, feedback_answered, feedback_in_time
FROM report_dossiers WHERE period = :period AND agency <> '*' AND procedure <> '*';

-- name: reports_dossiers_add(period, agency, procedure, received, counter, online, post, early, on_time, late, undated, supplements, supplements_again, apologies, apologies_after_limit, apologies_sent, apologies_in_time, apologies_reached, asked, very_satisfied, satisfied, not_satisfied, feedback, feedback_answered, feedback_in_time)*!
INSERT INTO report_dossiers (
    period, agency, procedure,
    received, counter, online, post, early, on_time, late, undated, supplements, supplements_again, apologies,
    apologies_after_limit, apologies_sent, apologies_in_time, apologies_reached, asked, very_satisfied, satisfied,
    not_satisfied, feedback, feedback_answered, feedback_in_time
) VALUES (
    :period, :agency, :procedure,
    :received, :counter, :online, :post, :early, :on_time, :late, :undated, :supplements, :supplements_again,
    :apologies, :apologies_after_limit, :apologies_sent, :apologies_in_time, :apologies_reached, :asked,
    :very_satisfied, :satisfied, :not_satisfied, :feedback, :feedback_answered, :feedback_in_time
)
ON CONFLICT (period, agency, procedure) DO UPDATE SET
    received = report_dossiers.received + excluded.received, counter = report_dossiers.counter + excluded.counter,
    online = report_dossiers.online + excluded.online, post = report_dossiers.post + excluded.post, early =
    report_dossiers.early + excluded.early, on_time = report_dossiers.on_time + excluded.on_time, late =
    report_dossiers.late + excluded.late, undated = report_dossiers.undated + excluded.undated, supplements =
    report_dossiers.supplements + excluded.supplements, supplements_again = report_dossiers.supplements_again +
    excluded.supplements_again, apologies = report_dossiers.apologies + excluded.apologies, apologies_after_limit =
    report_dossiers.apologies_after_limit + excluded.apologies_after_limit, apologies_sent =
    report_dossiers.apologies_sent + excluded.apologies_sent, apologies_in_time = report_dossiers.apologies_in_time
    + excluded.apologies_in_time, apologies_reached = report_dossiers.apologies_reached +
    excluded.apologies_reached, asked = report_dossiers.asked + excluded.asked, very_satisfied =
    report_dossiers.very_satisfied + excluded.very_satisfied, satisfied = report_dossiers.satisfied +
    excluded.satisfied, not_satisfied = report_dossiers.not_satisfied + excluded.not_satisfied, feedback =
    report_dossiers.feedback + excluded.feedback, feedback_answered = report_dossiers.feedback_answered +
    excluded.feedback_answered, feedback_in_time = report_dossiers.feedback_in_time + excluded.feedback_in_time;

-- name: reports_messages_of(period)
SELECT agency, scheme, channel, situation, state, messages, parts, cost FROM report_messages
WHERE period = :period AND agency <> '*';

-- name: reports_messages_add(period, agency, scheme, channel, situation, state, messages, parts, cost)*!
INSERT INTO report_messages (period, agency, scheme, channel, situation, state, messages, parts, cost)
VALUES (:period, :agency, :scheme, :channel, :situation, :state, :messages, :parts, :cost)
ON CONFLICT (period, agency, scheme, channel, situation, state) DO UPDATE SET
    messages = report_messages.messages + excluded.messages, parts = report_messages.parts + excluded.parts,
    cost = report_messages.cost + excluded.cost;

-- name: reports_heard_of(period)
SELECT channel, outcome, messages FROM report_heard WHERE period = :period;

-- name: reports_heard_add(period, channel, outcome, messages)*!
INSERT INTO report_heard (period, channel, outcome, messages) VALUES (:period, :channel, :outcome, :messages)
ON CONFLICT (period, channel, outcome) DO UPDATE SET messages = report_heard.messages + excluded.messages;

-- name: reports_late_of(since, until)
SELECT code, source, agency, procedure, due_at, ended_at FROM report_late WHERE ended_at >= :since AND ended_at < :until;

-- name: reports_late_put(code, source, agency, procedure, due_at, ended_at)*!
INSERT INTO report_late (code, source, agency, procedure, due_at, ended_at)
VALUES (:code, :source, :agency, :procedure, :due_at, :ended_at)
ON CONFLICT (code, source) DO UPDATE SET
    agency = excluded.agency, procedure = excluded.procedure, due_at = excluded.due_at, ended_at = excluded.ended_at;

-- name: reports_late_drop(code, source)*!
DELETE FROM report_late WHERE code = :code AND source = :source;

-- name: reports_names()
SELECT kind, code, name FROM report_names;

-- name: reports_name(kind, code, name)*!
INSERT INTO report_names (kind, code, name) VALUES (:kind, :code, :name)
ON CONFLICT (kind, code) DO UPDATE SET name = excluded.name WHERE report_names.name <> excluded.name;

-- name: reports_overdue_now(now)
SELECT (d.due_at + 25200000) / 86400000 AS day, d.agency, d.procedure, COUNT(*) AS dossiers
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 6) AND d.due_at <= :now AND (d.terms = '' OR d.terms LIKE '%,null]' OR d.terms LIKE '%,null,[[%')
GROUP BY (d.due_at + 25200000) / 86400000, d.agency, d.procedure;

-- name: reports_overdue_clear()!
DELETE FROM report_overdue;

-- name: reports_overdue_add(day, agency, procedure, dossiers)*!
INSERT INTO report_overdue (day, agency, procedure, dossiers) VALUES (:day, :agency, :procedure, :dossiers);

-- name: reports_overdue(first, last, agencies, everywhere)
SELECT r.day, r.agency, r.procedure, r.dossiers FROM report_overdue AS r
WHERE r.day >= :first AND r.day <= :last AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ));

-- name: reports_standing_now(stale_before)
-- The statuses are those of the index dossiers_open.
SELECT
    d.agency, COUNT(*) FILTER (WHERE d.status <> 5) AS in_work, COUNT(*) FILTER (WHERE d.status = 5) AS waiting,
    COUNT(*) FILTER (WHERE d.progressed_at < :stale_before) AS stale
FROM dossiers AS d
WHERE d.status IN (0, 1, 2, 4, 5, 6)
GROUP BY d.agency;

-- name: reports_standing_clear()!
DELETE FROM report_standing;

-- name: reports_standing_add(agency, in_work, waiting, stale)*!
INSERT INTO report_standing (agency, in_work, waiting, stale) VALUES (:agency, :in_work, :waiting, :stale);

-- name: reports_standing(agencies, everywhere)
SELECT r.agency, r.in_work, r.waiting, r.stale FROM report_standing AS r WHERE (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ));

-- name: reports_by_agency(periods)
SELECT
    SUBSTR(r.period, 1, 7) AS month, r.agency,
    CAST(SUM(r.received) AS BIGINT) AS received, CAST(SUM(r.counter) AS BIGINT) AS counter, CAST(SUM(r.online) AS
    BIGINT) AS online, CAST(SUM(r.post) AS BIGINT) AS post, CAST(SUM(r.early) AS BIGINT) AS early,
    CAST(SUM(r.on_time) AS BIGINT) AS on_time, CAST(SUM(r.late) AS BIGINT) AS late, CAST(SUM(r.undated) AS BIGINT)
    AS undated, CAST(SUM(r.supplements) AS BIGINT) AS supplements, CAST(SUM(r.supplements_again) AS BIGINT) AS
    supplements_again, CAST(SUM(r.apologies) AS BIGINT) AS apologies, CAST(SUM(r.apologies_after_limit) AS BIGINT)
    AS apologies_after_limit, CAST(SUM(r.apologies_sent) AS BIGINT) AS apologies_sent, CAST(SUM(r.apologies_in_time)
    AS BIGINT) AS apologies_in_time, CAST(SUM(r.apologies_reached) AS BIGINT) AS apologies_reached,
    CAST(SUM(r.asked) AS BIGINT) AS asked, CAST(SUM(r.very_satisfied) AS BIGINT) AS very_satisfied,
    CAST(SUM(r.satisfied) AS BIGINT) AS satisfied, CAST(SUM(r.not_satisfied) AS BIGINT) AS not_satisfied,
    CAST(SUM(r.feedback) AS BIGINT) AS feedback, CAST(SUM(r.feedback_answered) AS BIGINT) AS feedback_answered,
    CAST(SUM(r.feedback_in_time) AS BIGINT) AS feedback_in_time
FROM json_each(:periods) AS p CROSS JOIN report_dossiers AS r
WHERE r.period = p.key AND r.procedure = '*' AND r.agency <> '*'
GROUP BY SUBSTR(r.period, 1, 7), r.agency;

-- name: reports_by_agency_of(periods, agencies)
-- Here and below: a code with all that begin with it and a dot; a slash is what comes after the dot. No code of
-- `agencies` is below another.
SELECT
    SUBSTR(r.period, 1, 7) AS month, r.agency,
    CAST(SUM(r.received) AS BIGINT) AS received, CAST(SUM(r.counter) AS BIGINT) AS counter, CAST(SUM(r.online) AS
    BIGINT) AS online, CAST(SUM(r.post) AS BIGINT) AS post, CAST(SUM(r.early) AS BIGINT) AS early,
    CAST(SUM(r.on_time) AS BIGINT) AS on_time, CAST(SUM(r.late) AS BIGINT) AS late, CAST(SUM(r.undated) AS BIGINT)
    AS undated, CAST(SUM(r.supplements) AS BIGINT) AS supplements, CAST(SUM(r.supplements_again) AS BIGINT) AS
    supplements_again, CAST(SUM(r.apologies) AS BIGINT) AS apologies, CAST(SUM(r.apologies_after_limit) AS BIGINT)
    AS apologies_after_limit, CAST(SUM(r.apologies_sent) AS BIGINT) AS apologies_sent, CAST(SUM(r.apologies_in_time)
    AS BIGINT) AS apologies_in_time, CAST(SUM(r.apologies_reached) AS BIGINT) AS apologies_reached,
    CAST(SUM(r.asked) AS BIGINT) AS asked, CAST(SUM(r.very_satisfied) AS BIGINT) AS very_satisfied,
    CAST(SUM(r.satisfied) AS BIGINT) AS satisfied, CAST(SUM(r.not_satisfied) AS BIGINT) AS not_satisfied,
    CAST(SUM(r.feedback) AS BIGINT) AS feedback, CAST(SUM(r.feedback_answered) AS BIGINT) AS feedback_answered,
    CAST(SUM(r.feedback_in_time) AS BIGINT) AS feedback_in_time
FROM json_each(:periods) AS p CROSS JOIN json_each(:agencies) AS g CROSS JOIN report_dossiers AS r
WHERE r.period = p.key AND r.procedure = '*' AND r.agency >= g.key AND r.agency < g.key || '/'
    AND (r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.')
GROUP BY SUBSTR(r.period, 1, 7), r.agency;

-- name: reports_by_procedure(periods)
SELECT
    r.procedure,
    CAST(SUM(r.received) AS BIGINT) AS received, CAST(SUM(r.counter) AS BIGINT) AS counter, CAST(SUM(r.online) AS
    BIGINT) AS online, CAST(SUM(r.post) AS BIGINT) AS post, CAST(SUM(r.early) AS BIGINT) AS early,
    CAST(SUM(r.on_time) AS BIGINT) AS on_time, CAST(SUM(r.late) AS BIGINT) AS late, CAST(SUM(r.undated) AS BIGINT)
    AS undated, CAST(SUM(r.supplements) AS BIGINT) AS supplements, CAST(SUM(r.supplements_again) AS BIGINT) AS
    supplements_again, CAST(SUM(r.apologies) AS BIGINT) AS apologies, CAST(SUM(r.apologies_after_limit) AS BIGINT)
    AS apologies_after_limit, CAST(SUM(r.apologies_sent) AS BIGINT) AS apologies_sent, CAST(SUM(r.apologies_in_time)
    AS BIGINT) AS apologies_in_time, CAST(SUM(r.apologies_reached) AS BIGINT) AS apologies_reached,
    CAST(SUM(r.asked) AS BIGINT) AS asked, CAST(SUM(r.very_satisfied) AS BIGINT) AS very_satisfied,
    CAST(SUM(r.satisfied) AS BIGINT) AS satisfied, CAST(SUM(r.not_satisfied) AS BIGINT) AS not_satisfied,
    CAST(SUM(r.feedback) AS BIGINT) AS feedback, CAST(SUM(r.feedback_answered) AS BIGINT) AS feedback_answered,
    CAST(SUM(r.feedback_in_time) AS BIGINT) AS feedback_in_time
FROM json_each(:periods) AS p CROSS JOIN report_dossiers AS r
WHERE r.period = p.key AND r.agency = '*'
GROUP BY r.procedure;

-- name: reports_by_procedure_of(periods, agencies)
SELECT
    r.procedure,
    CAST(SUM(r.received) AS BIGINT) AS received, CAST(SUM(r.counter) AS BIGINT) AS counter, CAST(SUM(r.online) AS
    BIGINT) AS online, CAST(SUM(r.post) AS BIGINT) AS post, CAST(SUM(r.early) AS BIGINT) AS early,
    CAST(SUM(r.on_time) AS BIGINT) AS on_time, CAST(SUM(r.late) AS BIGINT) AS late, CAST(SUM(r.undated) AS BIGINT)
    AS undated, CAST(SUM(r.supplements) AS BIGINT) AS supplements, CAST(SUM(r.supplements_again) AS BIGINT) AS
    supplements_again, CAST(SUM(r.apologies) AS BIGINT) AS apologies, CAST(SUM(r.apologies_after_limit) AS BIGINT)
    AS apologies_after_limit, CAST(SUM(r.apologies_sent) AS BIGINT) AS apologies_sent, CAST(SUM(r.apologies_in_time)
    AS BIGINT) AS apologies_in_time, CAST(SUM(r.apologies_reached) AS BIGINT) AS apologies_reached,
    CAST(SUM(r.asked) AS BIGINT) AS asked, CAST(SUM(r.very_satisfied) AS BIGINT) AS very_satisfied,
    CAST(SUM(r.satisfied) AS BIGINT) AS satisfied, CAST(SUM(r.not_satisfied) AS BIGINT) AS not_satisfied,
    CAST(SUM(r.feedback) AS BIGINT) AS feedback, CAST(SUM(r.feedback_answered) AS BIGINT) AS feedback_answered,
    CAST(SUM(r.feedback_in_time) AS BIGINT) AS feedback_in_time
FROM json_each(:periods) AS p CROSS JOIN json_each(:agencies) AS g CROSS JOIN report_dossiers AS r
WHERE r.period = p.key AND r.agency >= g.key AND r.agency < g.key || '/' AND r.procedure <> '*'
    AND (r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.')
GROUP BY r.procedure;

-- name: reports_messages(periods)
SELECT
    SUBSTR(r.period, 1, 7) AS month, r.scheme, r.channel, r.situation, r.state,
    CAST(SUM(r.messages) AS BIGINT) AS messages, CAST(SUM(r.parts) AS BIGINT) AS parts,
    CAST(SUM(r.cost) AS BIGINT) AS cost
FROM json_each(:periods) AS p CROSS JOIN report_messages AS r
WHERE r.period = p.key AND r.agency = '*'
GROUP BY SUBSTR(r.period, 1, 7), r.scheme, r.channel, r.situation, r.state
HAVING SUM(r.messages) > 0;

-- name: reports_messages_within(periods, agencies)
SELECT
    SUBSTR(r.period, 1, 7) AS month, r.scheme, r.channel, r.situation, r.state,
    CAST(SUM(r.messages) AS BIGINT) AS messages, CAST(SUM(r.parts) AS BIGINT) AS parts,
    CAST(SUM(r.cost) AS BIGINT) AS cost
FROM json_each(:periods) AS p CROSS JOIN json_each(:agencies) AS g CROSS JOIN report_messages AS r
WHERE r.period = p.key AND r.agency >= g.key AND r.agency < g.key || '/'
    AND (r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.')
GROUP BY SUBSTR(r.period, 1, 7), r.scheme, r.channel, r.situation, r.state
HAVING SUM(r.messages) > 0;

-- name: reports_heard(periods)
SELECT r.channel, r.outcome, CAST(SUM(r.messages) AS BIGINT) AS messages
FROM json_each(:periods) AS p CROSS JOIN report_heard AS r
WHERE r.period = p.key
GROUP BY r.channel, r.outcome
HAVING SUM(r.messages) > 0;

-- name: reports_late_page(agencies, everywhere, since, until, after_at, after_code, after_source, most)
SELECT
    l.code, l.source, l.agency, l.procedure, l.due_at, l.ended_at,
    d.agency_name, d.procedure_name, d.status, d.steps, a.id AS apology,
    (
        SELECT MIN(o.sent_at) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%'
    ) AS apology_sent_at,
    (
        SELECT COUNT(*) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%' AND o.state = 'delivered'
    ) AS apology_arrived
FROM (
    SELECT r.code, r.source, r.agency, r.procedure, r.due_at, r.ended_at FROM report_late AS r
    WHERE r.ended_at >= :since AND r.ended_at < :until
        AND (r.ended_at, r.code, r.source) > (:after_at, :after_code, :after_source)
        AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    ORDER BY r.ended_at, r.code, r.source
    LIMIT :most
) AS l
JOIN dossiers AS d ON d.code = l.code AND d.source = l.source
LEFT JOIN apologies AS a ON a.id = (
    SELECT b.id FROM apologies AS b
    WHERE b.code = l.code AND b.source = l.source AND b.state = 'approved'
    ORDER BY b.old_at DESC LIMIT 1
)
ORDER BY l.ended_at, l.code, l.source;

-- name: reports_overdue_page(agencies, everywhere, since, until, now, after_at, after_code, after_source, most)
SELECT
    l.code, l.source, d.agency, d.procedure, l.due_at, NULL AS ended_at,
    d.agency_name, d.procedure_name, d.status, d.steps, a.id AS apology,
    (
        SELECT MIN(o.sent_at) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%'
    ) AS apology_sent_at,
    (
        SELECT COUNT(*) FROM outbox AS o
        WHERE o.origin = 'apology:' || a.id AND o.dedupe_key NOT LIKE '%|follower|%' AND o.state = 'delivered'
    ) AS apology_arrived
FROM (
    SELECT r.code, r.source, r.due_at FROM dossiers AS r
    WHERE r.status IN (0, 1, 2, 4, 6) AND r.due_at >= :since AND r.due_at < :until AND r.due_at <= :now
        AND (r.due_at, r.code, r.source) > (:after_at, :after_code, :after_source)
        AND (r.terms = '' OR r.terms LIKE '%,null]' OR r.terms LIKE '%,null,[[%')
        AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
    ORDER BY r.due_at, r.code, r.source
    LIMIT :most
) AS l
JOIN dossiers AS d ON d.code = l.code AND d.source = l.source
LEFT JOIN apologies AS a ON a.id = (
    SELECT b.id FROM apologies AS b
    WHERE b.code = l.code AND b.source = l.source AND b.state = 'approved'
    ORDER BY b.old_at DESC LIMIT 1
)
ORDER BY l.due_at, l.code, l.source;

-- name: reports_sources()
SELECT name FROM sources ORDER BY name;

-- name: reports_stale(source, agencies, everywhere, before, after_at, after_code, after_source, most)
-- Of one source, in the order of the index dossiers_open.
SELECT r.code, r.source, r.agency, r.agency_name, r.procedure_name, r.status, r.status_text, r.progressed_at, r.due_at
FROM dossiers AS r
WHERE r.source = :source AND r.status IN (0, 1, 2, 4, 5, 6) AND r.progressed_at < :before
    AND r.progressed_at >= :after_at AND (r.progressed_at, r.code, r.source) > (:after_at, :after_code, :after_source)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE r.agency = g.key OR SUBSTR(r.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY r.progressed_at, r.code
LIMIT :most;

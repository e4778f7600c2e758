-- name: next_number(prefix, day)$
INSERT INTO numbers (prefix, day, last) VALUES (:prefix, :day, 1)
ON CONFLICT (prefix, day) DO UPDATE SET last = numbers.last + 1
RETURNING last;

-- name: feedback_add(number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by)!
INSERT INTO feedback (
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
) VALUES (
    :number, :kind, :address, :channel, :agency, :code, :text, :name, :home, :phone, :language, :at, :answer,
    :answered_at, :answered_by
);

-- name: feedback_one(number)^
SELECT
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
FROM feedback
WHERE number = :number;

-- name: feedback_open(agency, kind, most)
-- The agencies below one have its code, a dot and more.
SELECT
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
FROM feedback
WHERE answered_at IS NULL
    AND (:kind = '' OR kind = :kind)
    AND (:agency = '' OR agency = :agency OR SUBSTR(agency, 1, LENGTH(:agency) + 1) = :agency || '.')
ORDER BY at, number
LIMIT :most;

-- name: feedback_all(agency, kind, most)
SELECT
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by
FROM feedback
WHERE (:kind = '' OR kind = :kind)
    AND (:agency = '' OR agency = :agency OR SUBSTR(agency, 1, LENGTH(:agency) + 1) = :agency || '.')
ORDER BY at, number
LIMIT :most;

-- name: feedback_waiting(agencies, everywhere, kind, most)
SELECT
    f.number, f.kind, f.address, f.channel, f.agency, f.code, f.text, f.name, f.home, f.phone, f.language, f.at, f.answer,
    f.answered_at, f.answered_by
FROM feedback AS f
WHERE f.answered_at IS NULL AND (:kind = '' OR f.kind = :kind)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE f.agency = g.key OR SUBSTR(f.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY f.at, f.number
LIMIT :most;

-- name: feedback_answered(agencies, everywhere, kind, before_at, before, most)
SELECT
    f.number, f.kind, f.address, f.channel, f.agency, f.code, f.text, f.name, f.home, f.phone, f.language, f.at, f.answer,
    f.answered_at, f.answered_by
FROM feedback AS f
WHERE f.answered_at IS NOT NULL AND f.at <= :before_at AND (f.at < :before_at OR f.number < :before)
    AND (:kind = '' OR f.kind = :kind)
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE f.agency = g.key OR SUBSTR(f.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY f.at DESC, f.number DESC
LIMIT :most;

-- name: feedback_answer(number, answer, answered_by, at)
UPDATE feedback SET answer = :answer, answered_by = :answered_by, answered_at = :at
WHERE number = :number AND answered_at IS NULL
RETURNING
    number, kind, address, channel, agency, code, text, name, home, phone, language, at, answer, answered_at, answered_by;

-- name: survey_ask(source, code, address, agency, asked_at, score, reason, answered_at)*!
INSERT INTO surveys (source, code, address, agency, asked_at, score, reason, answered_at)
VALUES (:source, :code, :address, :agency, :asked_at, :score, :reason, :answered_at)
ON CONFLICT DO NOTHING;

-- name: survey_open(address, since, code)^
-- The score is that of bot.model.service.Score.NOT_SATISFIED.
SELECT source, code, address, agency, asked_at, score, reason, answered_at
FROM surveys
WHERE address = :address AND asked_at >= :since AND (:code = '' OR code = :code)
    AND (score IS NULL OR (score = 3 AND reason = ''))
ORDER BY asked_at DESC, code DESC, source DESC
LIMIT 1;

-- name: survey_answer(source, code, address, score, reason, at)!
UPDATE surveys SET
    score = COALESCE(:score, score),
    reason = CASE WHEN :reason = '' THEN reason ELSE :reason END,
    answered_at = COALESCE(answered_at, :at)
WHERE source = :source AND code = :code AND address = :address;

-- name: survey_totals(since)
SELECT
    agency, COUNT(*) AS asked, COUNT(*) FILTER (WHERE score = 1) AS very_satisfied,
    COUNT(*) FILTER (WHERE score = 2) AS satisfied, COUNT(*) FILTER (WHERE score = 3) AS not_satisfied
FROM surveys
WHERE asked_at >= :since
GROUP BY agency
ORDER BY agency;

-- name: talk_begin(address, channel, agency, begun_at, heard_at, clerk)!
INSERT INTO talks (address, channel, agency, begun_at, heard_at, clerk)
VALUES (:address, :channel, :agency, :begun_at, :heard_at, :clerk)
ON CONFLICT (address) DO UPDATE SET
    channel = excluded.channel, agency = excluded.agency, begun_at = excluded.begun_at, heard_at = excluded.heard_at,
    clerk = excluded.clerk, asked_at = NULL;

-- name: talk_of(address)^
SELECT address, channel, agency, begun_at, heard_at, clerk, asked_at FROM talks WHERE address = :address;

-- name: talk_touch(address, at, clerk)!
UPDATE talks SET
    heard_at = :at, clerk = CASE WHEN :clerk = '' THEN clerk ELSE :clerk END,
    asked_at = CASE WHEN :clerk = '' AND clerk <> '' THEN :at ELSE asked_at END
WHERE address = :address;

-- name: talk_end(address)!
DELETE FROM talks WHERE address = :address;

-- name: talks_listed(most)
SELECT address, channel, agency, begun_at, heard_at, clerk, asked_at FROM talks
ORDER BY CASE WHEN clerk = '' OR asked_at >= heard_at THEN 0 ELSE 1 END, heard_at, address
LIMIT :most;

-- name: talks_of(agencies, everywhere, most)
SELECT f.address, f.channel, f.agency, f.begun_at, f.heard_at, f.clerk, f.asked_at FROM talks AS f
WHERE f.address <> ''
    AND (:everywhere = 1 OR EXISTS (
        SELECT 1 FROM json_each(:agencies) AS g
        WHERE f.agency = g.key OR SUBSTR(f.agency, 1, LENGTH(g.key) + 1) = g.key || '.'
    ))
ORDER BY CASE WHEN f.clerk = '' OR f.asked_at >= f.heard_at THEN 0 ELSE 1 END, f.heard_at, f.address
LIMIT :most;

-- name: talks_idle(before)
SELECT address, channel, agency, begun_at, heard_at, clerk, asked_at FROM talks WHERE heard_at < :before
ORDER BY heard_at, address;

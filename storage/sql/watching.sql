-- name: count_speed(gateway, lane, minute, messages, within_1, within_2, within_5, within_10, within_30, within_60, within_300)*!
INSERT INTO speed (
    gateway, lane, minute, messages, within_1, within_2, within_5, within_10, within_30, within_60, within_300
) VALUES (
    :gateway, :lane, :minute, :messages, :within_1, :within_2, :within_5, :within_10, :within_30, :within_60, :within_300
)
ON CONFLICT (gateway, lane, minute) DO UPDATE SET
    messages = speed.messages + excluded.messages,
    within_1 = speed.within_1 + excluded.within_1,
    within_2 = speed.within_2 + excluded.within_2,
    within_5 = speed.within_5 + excluded.within_5,
    within_10 = speed.within_10 + excluded.within_10,
    within_30 = speed.within_30 + excluded.within_30,
    within_60 = speed.within_60 + excluded.within_60,
    within_300 = speed.within_300 + excluded.within_300;

-- name: count_failures(kind, name, slot, tried, failed)*!
INSERT INTO failures (kind, name, slot, tried, failed) VALUES (:kind, :name, :slot, :tried, :failed)
ON CONFLICT (kind, name, slot) DO UPDATE SET
    tried = failures.tried + excluded.tried, failed = failures.failed + excluded.failed;

-- name: speed_since(since)
SELECT
    lane, CAST(SUM(messages) AS BIGINT) AS messages,
    CAST(SUM(within_1) AS BIGINT) AS within_1, CAST(SUM(within_2) AS BIGINT) AS within_2,
    CAST(SUM(within_5) AS BIGINT) AS within_5, CAST(SUM(within_10) AS BIGINT) AS within_10,
    CAST(SUM(within_30) AS BIGINT) AS within_30, CAST(SUM(within_60) AS BIGINT) AS within_60,
    CAST(SUM(within_300) AS BIGINT) AS within_300
FROM speed
WHERE minute >= :since
GROUP BY lane
ORDER BY lane;

-- name: failures_since(since)
SELECT kind, name, CAST(SUM(tried) AS BIGINT) AS tried, CAST(SUM(failed) AS BIGINT) AS failed
FROM failures
WHERE slot >= :since
GROUP BY kind, name
ORDER BY kind, name;

-- name: oldest_unsent(now)
-- Jumps from queue to queue in the index outbox_due, as `orphans` does, and takes the first of each lane.
WITH RECURSIVE waiting (queue) AS (
    SELECT MIN(channel) FROM outbox WHERE state = 'queued'
    UNION ALL
    SELECT (SELECT MIN(o.channel) FROM outbox AS o WHERE o.state = 'queued' AND o.channel > waiting.queue)
    FROM waiting
    WHERE waiting.queue IS NOT NULL
),
firsts AS MATERIALIZED (
    SELECT waiting.queue, lanes.lane, (
        SELECT o.next_at FROM outbox AS o
        WHERE o.channel = waiting.queue AND o.lane = lanes.lane AND o.state = 'queued' AND o.next_at <= :now
        ORDER BY o.next_at LIMIT 1
    ) AS due_at
    FROM waiting CROSS JOIN (SELECT 0 AS lane UNION ALL SELECT 1 UNION ALL SELECT 2) AS lanes
    WHERE waiting.queue IS NOT NULL
)
SELECT queue, lane, due_at, (
    SELECT COUNT(*) FROM outbox AS o
    WHERE o.channel = firsts.queue AND o.lane = firsts.lane AND o.state = 'queued' AND o.next_at <= :now
) AS items
FROM firsts
WHERE due_at IS NOT NULL
ORDER BY queue, lane;

-- name: oldest_held()
SELECT held_for, MIN(created_at) AS since, COUNT(*) AS items FROM outbox WHERE state = 'held' GROUP BY held_for ORDER BY held_for;

-- name: unsent_at_a_glance(now, most)
-- As `oldest_unsent`, and counts no further than `most`.
WITH RECURSIVE waiting (queue) AS (
    SELECT MIN(channel) FROM outbox WHERE state = 'queued'
    UNION ALL
    SELECT (SELECT MIN(o.channel) FROM outbox AS o WHERE o.state = 'queued' AND o.channel > waiting.queue)
    FROM waiting
    WHERE waiting.queue IS NOT NULL
),
firsts AS MATERIALIZED (
    SELECT waiting.queue, lanes.lane, (
        SELECT o.next_at FROM outbox AS o
        WHERE o.channel = waiting.queue AND o.lane = lanes.lane AND o.state = 'queued' AND o.next_at <= :now
        ORDER BY o.next_at LIMIT 1
    ) AS due_at
    FROM waiting CROSS JOIN (SELECT 0 AS lane UNION ALL SELECT 1 UNION ALL SELECT 2) AS lanes
    WHERE waiting.queue IS NOT NULL
)
SELECT queue, lane, due_at, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM outbox AS o
        WHERE o.channel = firsts.queue AND o.lane = firsts.lane AND o.state = 'queued' AND o.next_at <= :now
        LIMIT :most
    ) AS counted
) AS items
FROM firsts
WHERE due_at IS NOT NULL
ORDER BY queue, lane;

-- name: held_at_a_glance(most)
SELECT held_for, MIN(created_at) AS since, COUNT(*) AS items
FROM (SELECT held_for, created_at FROM outbox WHERE state = 'held' LIMIT :most) AS taken
GROUP BY held_for
ORDER BY held_for;

-- name: newest_stored()$
-- The last of what is written all the time; each from the end of an index.
SELECT MAX(at) FROM (
    SELECT MAX(at) AS at FROM changes
    UNION ALL
    SELECT MAX(minute) FROM gateway_minutes
    UNION ALL
    SELECT MAX(since) FROM alarms
    UNION ALL
    SELECT MAX(proven_at) FROM proofs
) AS stored;

-- name: database_clock()$
SELECT CAST(CURRENT_TIMESTAMP AS TEXT);

-- name: database_size()^
/*sqlite SELECT pages.page_count * sizes.page_size AS main, files.file AS file
FROM pragma_page_count AS pages, pragma_page_size AS sizes, pragma_database_list AS files
WHERE files.name = 'main'; */
/*postgres SELECT pg_database_size(current_database()) AS main, '' AS file; */

-- name: note_beats(owner, name, at, every, trouble, trouble_en)*!
INSERT INTO heartbeats (owner, name, at, every, trouble, trouble_en)
VALUES (:owner, :name, :at, :every, :trouble, :trouble_en)
ON CONFLICT (owner, name) DO UPDATE SET
    at = excluded.at, every = excluded.every, trouble = excluded.trouble, trouble_en = excluded.trouble_en;

-- name: beats()
SELECT owner, name, at, every, trouble, trouble_en FROM heartbeats ORDER BY owner, name;

-- name: forget_beats(owner)!
DELETE FROM heartbeats WHERE owner = :owner;

-- name: alarms_open()
SELECT name, subject, since, detail, detail_en, told_at, cleared_at FROM alarms
WHERE cleared_at IS NULL
ORDER BY since, name, subject;

-- name: alarms_newest(most)
SELECT name, subject, since, detail, detail_en, told_at, cleared_at FROM alarms
ORDER BY since DESC, name, subject
LIMIT :most;

-- name: alarms_told(since)
-- What was over lately, and told: it may come and go.
SELECT name, subject, MAX(told_at) AS told_at FROM alarms
WHERE cleared_at >= :since AND told_at IS NOT NULL
GROUP BY name, subject;

-- name: raise_alarm(name, subject, since, detail, detail_en, told_at)*!
INSERT INTO alarms (name, subject, since, detail, detail_en, told_at)
VALUES (:name, :subject, :since, :detail, :detail_en, :told_at)
ON CONFLICT DO NOTHING;

-- name: renew_alarm(name, subject, detail, detail_en, told_at)*!
UPDATE alarms SET detail = :detail, detail_en = :detail_en, told_at = :told_at
WHERE name = :name AND subject = :subject AND cleared_at IS NULL;

-- name: clear_alarm(name, subject, at)*!
UPDATE alarms SET cleared_at = :at WHERE name = :name AND subject = :subject AND cleared_at IS NULL;

-- name: forget_speed(before)!
DELETE FROM speed WHERE minute < :before;

-- name: forget_failures(before)!
DELETE FROM failures WHERE slot < :before;

-- name: forget_alarms(before)!
DELETE FROM alarms WHERE cleared_at < :before;

-- name: forget_old_beats(before)!
DELETE FROM heartbeats WHERE at < :before;

-- name: unreached(before, since, most)
-- Newest first. The owner's own ways alone: what a follower was told reaches somebody else.
SELECT
    o.id, o.source, o.code, o.situation, o.channel, o.address, o.state, o.reason, o.created_at, d.agency, d.agency_name,
    d.applicant, d.phone
FROM outbox AS o CROSS JOIN dossiers AS d
WHERE o.id < :before AND o.id >= :since AND (o.state = 'failed' OR o.state = 'expired' OR o.state = 'suppressed') AND o.code <> ''
    AND d.code = o.code AND d.source = o.source
    AND (
        o.state <> 'suppressed'
        OR o.reason = 'no phone number' OR o.reason = 'the phone number is not valid'
        OR o.reason LIKE 'a % number cannot receive our SMS'
    )
    AND (
        o.address IN ('sms:' || d.phone, 'zalophone:' || d.phone, 'sms:', 'zalophone:')
        OR EXISTS (SELECT 1 FROM bindings AS b WHERE b.address = o.address AND b.phone = d.phone)
    )
    AND NOT EXISTS (
        SELECT 1 FROM outbox AS later
        WHERE later.address IN (
            -- Without a phone there is nobody: all such dossiers share the address `sms:`.
            SELECT 'sms:' || d.phone WHERE d.phone <> ''
            UNION ALL SELECT 'zalophone:' || d.phone WHERE d.phone <> ''
            UNION ALL SELECT b.address FROM bindings AS b WHERE b.phone = d.phone AND d.phone <> ''
        )
        AND later.code = o.code AND later.source = o.source
        AND later.state IN ('accepted', 'delivered') AND later.created_at >= o.created_at
        -- Looked for message by message: PostgreSQL would else read the whole outbox once to do it all together.
        LIMIT 1 OFFSET 0
    )
ORDER BY o.id DESC
LIMIT :most;

-- name: receipts_usual(since, until)
SELECT gateway, CAST(SUM(accepted) AS BIGINT) AS accepted, CAST(SUM(in_time) AS BIGINT) AS in_time
FROM gateway_minutes
WHERE minute >= :since AND minute < :until
GROUP BY gateway
ORDER BY gateway;

-- name: source_get(name)^
SELECT
    cursor, go_live, synced_at, fresh_at, braked_at, window_at, window_planned, dossiers, revision,
    EXISTS (SELECT 1 FROM quarantine AS q WHERE q.source = :name AND q.code <> '') AS quarantined
FROM sources WHERE name = :name;

-- name: source_save(name, cursor, go_live, synced_at, fresh_at, braked_at, window_at, window_planned, dossiers, revision)!
INSERT INTO sources (
    name, cursor, go_live, synced_at, fresh_at, braked_at, window_at, window_planned, dossiers, revision
) VALUES (
    :name, :cursor, :go_live, :synced_at, :fresh_at, :braked_at, :window_at, :window_planned, :dossiers, :revision
)
ON CONFLICT (name) DO UPDATE SET
    cursor = excluded.cursor, go_live = excluded.go_live, synced_at = excluded.synced_at,
    fresh_at = excluded.fresh_at, braked_at = excluded.braked_at, window_at = excluded.window_at,
    window_planned = excluded.window_planned, dossiers = excluded.dossiers, revision = excluded.revision
WHERE sources.revision = excluded.revision - 1;

-- name: source_states()
SELECT
    name, cursor, go_live, synced_at, fresh_at, braked_at, window_at, window_planned, dossiers, revision,
    EXISTS (SELECT 1 FROM quarantine AS q WHERE q.source = name AND q.code <> '') AS quarantined
FROM sources ORDER BY name;

-- name: source_fail(source, at, reason)!
INSERT INTO source_failures (source, since, last_at, times, reason) VALUES (:source, :at, :at, 1, :reason)
ON CONFLICT (source) DO UPDATE SET
    last_at = excluded.last_at, times = source_failures.times + 1, reason = excluded.reason;

-- name: source_recover(source)!
DELETE FROM source_failures WHERE source = :source;

-- name: source_failures()
SELECT source, since, last_at, times, reason FROM source_failures ORDER BY source;

-- name: quarantine(source, place, row_number, column_name, reason, code, at)*!
INSERT INTO quarantine (source, place, row_number, column_name, reason, code, at)
VALUES (:source, :place, :row_number, :column_name, :reason, :code, :at)
ON CONFLICT (source, place, row_number, column_name) DO UPDATE SET
    reason = excluded.reason, code = excluded.code, at = excluded.at;

-- name: quarantined(source, most)
SELECT source, place, row_number, column_name, reason, code
FROM quarantine
WHERE :source = '' OR source = :source
ORDER BY at DESC, source, place, row_number, column_name
LIMIT :most;

-- name: quarantine_page(source, place, row_number, column_name, most)
SELECT source, place, row_number, column_name, reason, code
FROM quarantine
WHERE source = :source AND (place, row_number, column_name) > (:place, :row_number, :column_name)
ORDER BY place, row_number, column_name
LIMIT :most;

-- name: quarantined_places(source)
SELECT DISTINCT place FROM quarantine WHERE source = :source ORDER BY place;

-- name: count_quarantined(source)$
SELECT COUNT(*) FROM quarantine WHERE :source = '' OR source = :source;

-- name: readmit(source, codes)!
DELETE FROM quarantine WHERE source = :source AND code <> '' AND code IN (SELECT key FROM json_each(:codes));

-- name: clear_quarantine(source, places, before)!
DELETE FROM quarantine WHERE source = :source AND at < :before AND place IN (SELECT key FROM json_each(:places));

-- name: note_unknown_status(source, word, times, seen_at)*!
INSERT INTO unknown_statuses (source, word, times, seen_at)
VALUES (:source, :word, :times, :seen_at)
ON CONFLICT (source, word) DO UPDATE SET
    times = unknown_statuses.times + excluded.times, seen_at = excluded.seen_at;

-- name: unknown_statuses()
SELECT source, word, times FROM unknown_statuses ORDER BY times DESC, source, word;

-- name: source_get(name)^
SELECT cursor, go_live, synced_at FROM sources WHERE name = :name;

-- name: source_save(name, cursor, go_live, synced_at)!
INSERT INTO sources (name, cursor, go_live, synced_at)
VALUES (:name, :cursor, :go_live, :synced_at)
ON CONFLICT (name) DO UPDATE SET
    cursor = excluded.cursor, go_live = excluded.go_live, synced_at = excluded.synced_at;

-- name: source_states()
SELECT name, cursor, go_live, synced_at FROM sources ORDER BY name;

-- name: quarantine(source, place, row_number, column_name, reason, code, at)*!
INSERT INTO quarantine (source, place, row_number, column_name, reason, code, at)
VALUES (:source, :place, :row_number, :column_name, :reason, :code, :at)
ON CONFLICT (source, place, row_number, column_name) DO UPDATE SET
    reason = excluded.reason, code = excluded.code, at = excluded.at;

-- name: quarantined(most)
SELECT source, place, row_number, column_name, reason, code
FROM quarantine
ORDER BY at DESC, source, place, row_number, column_name
LIMIT :most;

-- name: count_quarantined()$
SELECT COUNT(*) FROM quarantine;

-- name: note_unknown_status(source, word, times, seen_at)*!
INSERT INTO unknown_statuses (source, word, times, seen_at)
VALUES (:source, :word, :times, :seen_at)
ON CONFLICT (source, word) DO UPDATE SET
    times = unknown_statuses.times + excluded.times, seen_at = excluded.seen_at;

-- name: unknown_statuses()
SELECT source, word, times FROM unknown_statuses ORDER BY times DESC, source, word;

-- name: months_made()
-- PostgreSQL's tables of months, by the engine's own estimate of their rows; SQLite has none.
/*postgres
SELECT
    p.relname AS big, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds,
    GREATEST(c.reltuples, 0)::BIGINT AS guessed, pg_total_relation_size(c.oid) AS bytes
FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE p.relkind = 'p' AND p.relname IN ('outbox', 'parts', 'changes') AND p.relnamespace = current_schema()::regnamespace
ORDER BY p.relname, bounds;
*/
/*sqlite
SELECT '' AS big, '' AS name, '' AS bounds, 0 AS guessed, 0 AS bytes WHERE false;
*/

-- name: month_patience()$
-- Whoever waits for a table that somebody else uses makes all others wait behind it.
/*postgres SELECT set_config('lock_timeout', '2s', true); */
/*sqlite SELECT '' WHERE false; */

-- name: month_make(big, name, first, until)$
/*postgres SELECT month_make(:big, :name, :first, :until); */
/*sqlite SELECT 0 WHERE :big || :name || :first || :until IS NULL; */

-- name: month_drop(name)$
/*postgres SELECT month_drop(:name); */
/*sqlite SELECT 0 WHERE :name IS NULL; */

-- name: months_look_over()$
/*postgres SELECT months_look_over(); */
/*sqlite SELECT 0; */

-- name: oldest_kept()^
SELECT
    (SELECT o.created_at FROM outbox AS o ORDER BY o.id LIMIT 1) AS planned_at, (SELECT MIN(c.at) FROM changes AS c) AS changed_at;

-- name: trim_open(first, last, lately)$
-- What may still change: an accepted message waits for its receipt for some days, or for its next way.
SELECT COUNT(*) FROM outbox
WHERE id >= :first AND id < :last AND (
    state IN ('queued', 'sending', 'held', 'uncertain')
    OR (state = 'accepted' AND (fallback_at IS NOT NULL OR settled_at >= :lately))
);

-- name: trim_count(first, last)$
SELECT COUNT(*) FROM outbox WHERE id >= :first AND id < :last;

-- name: trim_page(first, last, most)
SELECT id, origin, dedupe_key FROM outbox WHERE id >= :first AND id < :last ORDER BY id LIMIT :most;

-- name: trim_changes_count(before)$
SELECT COUNT(*) FROM changes WHERE at < :before;

-- name: trim_changes_page(before, most)
SELECT source, code, number, at FROM changes WHERE at < :before ORDER BY at LIMIT :most;

-- name: trim_changes(source, code, number, at)*!
DELETE FROM changes WHERE source = :source AND code = :code AND number = :number AND at = :at;

-- name: trim_plans(origin, messages)*!
UPDATE plans SET planned = planned - :messages WHERE origin = :origin;

-- name: trim_plans_over(origins)!
-- A change that is still kept must have its plan, be it one of no message.
DELETE FROM plans
WHERE planned = 0 AND origin IN (SELECT key FROM json_each(:origins)) AND origin NOT IN (
    SELECT w.key FROM json_each(:origins) AS w CROSS JOIN changes AS c
    WHERE c.source = w.value ->> 'source' AND c.code = w.value ->> 'code'
        AND c.number = CAST(w.value ->> 'number' AS BIGINT)
);

-- name: trim_keys(keys)!
-- Where keys are unique by a table of their own.
/*postgres DELETE FROM outbox_keys WHERE dedupe_key IN (SELECT key FROM json_each(:keys) AS k WHERE k.key = k.key || ''); */
/*sqlite DELETE FROM plans WHERE origin = :keys AND false; */

-- name: trim_messages(ids)!
DELETE FROM outbox WHERE id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */);

-- name: trim_parts(ids)!
DELETE FROM parts WHERE item_id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */);

-- name: trim_bypasses(ids)!
DELETE FROM bypasses WHERE item_id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */);

-- name: trim_api_messages(ids)!
DELETE FROM api_messages WHERE item_id IN (SELECT key FROM json_each(:ids) /*postgres WHERE key = key || '' */);

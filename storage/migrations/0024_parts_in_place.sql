-- beside: 0023_partitions
-- On PostgreSQL a part is written twice, when it is taken and when its receipt comes, and the second writing changes no
-- column of an index: where its page has room it stays there and no index is written anew. With more than half of each
-- page free every part has room; the tables grow by a twentieth, their indexes lose half, the log a sixteenth.
--
-- Quick on big tables: what is written from now on has the room, nothing is rewritten.

/*postgres
CREATE OR REPLACE FUNCTION month_make(big TEXT, made TEXT, first TEXT, until TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    key TEXT := CASE big WHEN 'outbox' THEN 'id' WHEN 'parts' THEN 'item_id' ELSE 'at' END;
    rest TEXT := big || '_default';
BEGIN
    IF to_regclass(quote_ident(made)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    -- A message's state stands in indexes, so that each writing is a new row: a fifth of each page free makes the log a
    -- tenth shorter and the table no longer. Each month is cleaned and looked at by its own growth.
    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = %s, autovacuum_vacuum_scale_factor = 0.05,'
        ' autovacuum_analyze_scale_factor = 0.05)',
        made, rest, CASE big WHEN 'changes' THEN 100 WHEN 'parts' THEN 45 ELSE 80 END
    );
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', rest);
    EXECUTE format(
        'WITH astray AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM astray',
        rest, key, first, key, until, made
    );
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', big, made, first, until);
    RETURN 1;
END
$$;

DO $$
DECLARE
    month REGCLASS;
BEGIN
    FOR month IN SELECT inhrelid::REGCLASS FROM pg_inherits WHERE inhparent = 'parts'::REGCLASS LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 45)', month);
    END LOOP;
END
$$;
*/

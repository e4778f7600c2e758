-- On PostgreSQL messages, their parts and the changes of dossiers lie in one table a month, so that a month that need
-- not be kept is dropped and not deleted; see storage/partitions.py. SQLite has one table of each as before.
--
-- No row is copied: the table of before becomes the partition of all the past, to the end of the present month in
-- Vietnam, with its indexes. Each is read once, to see that all of its rows are of that past, and each message's
-- `dedupe_key` is written into `outbox_keys`, for a key that must be unique over all months needs a table of its own.

/*postgres
CREATE TABLE outbox_keys (
    dedupe_key TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL
);
LOCK TABLE outbox, parts, changes IN ACCESS EXCLUSIVE MODE;
INSERT INTO outbox_keys (dedupe_key, id) SELECT dedupe_key, id FROM outbox;
ALTER TABLE outbox_keys ADD PRIMARY KEY (dedupe_key);
*/

-- What the service calls for the months ahead, and for those that need not be kept. A month takes out of the rest what
-- lies there and is its own: all of it, where nobody had made it in time.
/*postgres
CREATE FUNCTION month_make(big TEXT, made TEXT, first TEXT, until TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    key TEXT := CASE big WHEN 'outbox' THEN 'id' WHEN 'parts' THEN 'item_id' ELSE 'at' END;
    rest TEXT := big || '_default';
BEGIN
    IF to_regclass(quote_ident(made)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    -- A message is written four times, each time anew, for its state stands in indexes: with a fifth of each page free
    -- the log is a tenth shorter and the table no longer. Each month is cleaned and looked at by its own growth.
    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = %s, autovacuum_vacuum_scale_factor = 0.05,'
        ' autovacuum_analyze_scale_factor = 0.05)', made, rest, CASE WHEN big = 'changes' THEN 100 ELSE 80 END
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

-- Autovacuum looks at single tables; what the planner knows of all months together somebody else must see to.
CREATE FUNCTION months_look_over() RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('server_version_num')::INT >= 180000 THEN
        EXECUTE 'ANALYZE ONLY outbox, ONLY parts, ONLY changes';
    ELSE
        EXECUTE 'ANALYZE outbox, parts, changes';
    END IF;
    RETURN 0;
END
$$;

CREATE FUNCTION month_drop(made TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    is_filled BOOLEAN;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', made) INTO is_filled;
    -- Of changes nothing hangs on a single row.
    IF is_filled AND made NOT LIKE 'changes%' THEN
        RETURN 0;
    END IF;
    EXECUTE format('DROP TABLE %I', made);
    RETURN 1;
END
$$;
*/

-- `months` are the bounds of this month and the next ones, as ids (see bot.model.ids) and as milliseconds.
/*postgres
DO $$
DECLARE
    big RECORD;
    old RECORD;
    bounds TEXT[];
    names TEXT[];
    first_months TIMESTAMP := date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh');
    is_filled BOOLEAN;
BEGIN
    FOR big IN SELECT * FROM (VALUES ('outbox', 'id'), ('parts', 'item_id'), ('changes', 'at')) AS t (name, key) LOOP
        SELECT
            array_agg(to_char(m.month, '"_"YYYY_MM') ORDER BY m.month),
            array_agg(CASE WHEN big.key = 'at' THEN m.at::TEXT ELSE (
                SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((m.at >> s) & 31)::INT + 1, 1), '' ORDER BY s DESC)
                FROM generate_series(0, 45, 5) AS s
            ) || repeat('0', 16) END ORDER BY m.month)
        INTO names, bounds
        FROM (
            SELECT month, (extract(epoch FROM month AT TIME ZONE 'Asia/Ho_Chi_Minh') * 1000)::BIGINT AS at
            FROM generate_series(first_months, first_months + INTERVAL '3 months', INTERVAL '1 month') AS month
        ) AS m;

        EXECUTE format('ALTER TABLE %I RENAME TO %I', big.name, big.name || '_past');
        FOR old IN SELECT indexname AS name FROM pg_indexes WHERE schemaname = current_schema() AND tablename = big.name || '_past' LOOP
            EXECUTE format('ALTER INDEX %I RENAME TO %I', old.name, replace(old.name, big.name || '_', big.name || '_past_'));
        END LOOP;
        EXECUTE format(
            'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (%I)',
            big.name, big.name || '_past', big.key
        );
        -- The changes' own key lacks the moment by which they lie apart: it stays with each month.
        IF big.name = 'outbox' THEN
            ALTER TABLE outbox ADD PRIMARY KEY (id);
        ELSIF big.name = 'parts' THEN
            ALTER TABLE parts ADD PRIMARY KEY (channel, reference, item_id);
        END IF;
        FOR old IN
            SELECT replace(replace(indexdef, big.name || '_past_', big.name || '_'), '.' || big.name || '_past ', '.' || big.name || ' ') AS made
            FROM pg_indexes AS i
            WHERE schemaname = current_schema() AND tablename = big.name || '_past'
                AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conname = i.indexname)
        LOOP
            EXECUTE old.made;
        END LOOP;

        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', big.name || '_default', big.name);
        IF big.name = 'changes' THEN
            ALTER TABLE changes_default ADD PRIMARY KEY (source, code, number);
        END IF;
        EXECUTE format(
            'WITH astray AS (DELETE FROM %I WHERE %I >= %L RETURNING *) INSERT INTO %I SELECT * FROM astray',
            big.name || '_past', big.key, bounds[2], big.name || '_default'
        );
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', big.name || '_past') INTO is_filled;
        IF is_filled THEN
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
                big.name, big.name || '_past', bounds[2]
            );
        ELSE
            EXECUTE format('DROP TABLE %I', big.name || '_past');
        END IF;
        FOR place IN (CASE WHEN is_filled THEN 2 ELSE 1 END)..3 LOOP
            PERFORM month_make(big.name, big.name || names[place], bounds[place], bounds[place + 1]);
        END LOOP;
    END LOOP;
END
$$;
*/

-- Who writes a message without its key - an older program beside this one, a copy, a person - has it written here, and
-- has the message left out where another one has the key. The service writes the keys of a batch by itself, at a third of
-- the cost, and says so.
/*postgres
CREATE FUNCTION outbox_note_key() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_keys (dedupe_key, id) VALUES (NEW.dedupe_key, NEW.id) ON CONFLICT DO NOTHING;
    IF FOUND OR EXISTS (SELECT 1 FROM outbox_keys AS k WHERE k.dedupe_key = NEW.dedupe_key AND k.id = NEW.id) THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_note_key BEFORE INSERT ON outbox FOR EACH ROW
WHEN (current_setting('motcua.notes_keys', true) IS DISTINCT FROM 'yes') EXECUTE FUNCTION outbox_note_key();
*/

-- What is under way is read by its leases, all of it at once; what waits for a budget by the agency in outbox_held_of.
/*postgres
DROP INDEX outbox_under_way;
DROP INDEX outbox_budget;
*/

-- name: dossiers_compare(source, prints)^
-- A print is a fingerprint, of 24 digits, and the code behind it: taken apart more cheaply than a JSON value.
SELECT
    COUNT(*) AS existing,
    CAST(
        rows_as_json(d.code, d.fingerprint, d.last_number, d.sequence, d.updated_at)
        FILTER (WHERE d.fingerprint <> SUBSTR(wanted.key, 1, 24)) AS TEXT
    ) AS differing
FROM json_each(:prints) AS wanted CROSS JOIN dossiers AS d
WHERE d.code = SUBSTR(wanted.key, 25) AND d.source = :source;

-- name: dossiers_known(source, codes)$
-- One text for all of them: thousands of rows would each pass through the driver. See storage.statements.rows_as_json.
SELECT CAST(rows_as_json(d.code, d.fingerprint, d.last_number, d.sequence, d.updated_at) AS TEXT) AS known
FROM json_each(:codes) AS wanted CROSS JOIN dossiers AS d
WHERE d.code = wanted.key AND d.source = :source;

-- name: dossiers_many(source, codes)
SELECT
    d.code, d.source, d.status, d.status_text, d.agency, d.agency_name, d.procedure, d.procedure_name,
    d.applicant, d.phone, d.received_at, d.appointment_at, d.finished_at, d.supplement, d.reason, d.place,
    d.lookup_code, d.id_tail, d.steps, d.waits, d.updated_at, d.sequence, d.progressed_at, d.due_at, d.first_seen_at, d.terms, d.promised_at
FROM json_each(:codes) AS wanted CROSS JOIN dossiers AS d
WHERE d.code = wanted.key AND d.source = :source;

-- name: dossiers_find(code)
SELECT
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone,
    received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail,
    steps, waits, updated_at, sequence, progressed_at, due_at, first_seen_at, terms, promised_at
FROM dossiers
WHERE code = :code
ORDER BY source;

-- name: dossiers_of_phone(phone, most)
-- `phone <> ''` is the condition of the index dossiers_phone. First those in which something is still to be done or
-- collected: all but the statuses 3, 7, 8 and 10.
SELECT
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone,
    received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail,
    steps, waits, updated_at, sequence, progressed_at, due_at, first_seen_at, terms, promised_at
FROM dossiers
WHERE phone = :phone AND phone <> ''
ORDER BY CASE WHEN status IN (3, 7, 8, 10) THEN 1 ELSE 0 END, COALESCE(received_at, first_seen_at) DESC, code, source
LIMIT :most;

-- name: dossiers_add(code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone, received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail, steps, waits, updated_at, sequence, progressed_at, due_at, fingerprint, last_number, first_seen_at, saved_at, terms, name_words, given)*!
-- Given by position: see storage.rows.dossier_row. Without `ON CONFLICT`, which costs a fifth of the time.
INSERT INTO dossiers (
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone,
    received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail,
    steps, waits, updated_at, sequence, progressed_at, due_at, fingerprint, last_number, first_seen_at, saved_at, terms,
    name_words, given
) VALUES (
    :code, :source, :status, :status_text, :agency, :agency_name, :procedure, :procedure_name, :applicant,
    :phone, :received_at, :appointment_at, :finished_at, :supplement, :reason, :place, :lookup_code,
    :id_tail, :steps, :waits, :updated_at, :sequence, :progressed_at, :due_at, :fingerprint, :last_number,
    :first_seen_at, :saved_at, :terms, :name_words, :given
);

-- name: dossiers_save(code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone, received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail, steps, waits, updated_at, sequence, progressed_at, due_at, fingerprint, last_number, first_seen_at, saved_at, terms, name_words, given)*!
-- Given by position as well.
INSERT INTO dossiers (
    code, source, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone,
    received_at, appointment_at, finished_at, supplement, reason, place, lookup_code, id_tail,
    steps, waits, updated_at, sequence, progressed_at, due_at, fingerprint, last_number, first_seen_at, saved_at, terms,
    name_words, given
) VALUES (
    :code, :source, :status, :status_text, :agency, :agency_name, :procedure, :procedure_name, :applicant,
    :phone, :received_at, :appointment_at, :finished_at, :supplement, :reason, :place, :lookup_code,
    :id_tail, :steps, :waits, :updated_at, :sequence, :progressed_at, :due_at, :fingerprint, :last_number,
    :first_seen_at, :saved_at, :terms, :name_words, :given
)
ON CONFLICT (code, source) DO UPDATE SET
    status = excluded.status, status_text = excluded.status_text, agency = excluded.agency, agency_name =
    excluded.agency_name, procedure = excluded.procedure, procedure_name = excluded.procedure_name, applicant =
    excluded.applicant, phone = excluded.phone, received_at = excluded.received_at, appointment_at =
    excluded.appointment_at, finished_at = excluded.finished_at, supplement = excluded.supplement, reason =
    excluded.reason, place = excluded.place, lookup_code = excluded.lookup_code, id_tail = excluded.id_tail, steps =
    excluded.steps, waits = excluded.waits, updated_at = excluded.updated_at, sequence = excluded.sequence,
    progressed_at = excluded.progressed_at, fingerprint = excluded.fingerprint, terms = excluded.terms,
    name_words = excluded.name_words, given = excluded.given,
    last_number = excluded.last_number, saved_at = excluded.saved_at,
    -- What our apology promised holds until the source itself names another date, or asks for a supplement.
    promised_at = CASE WHEN dossiers.appointment_at = excluded.appointment_at THEN dossiers.promised_at END,
    due_at = CASE
        WHEN dossiers.promised_at IS NOT NULL AND dossiers.appointment_at = excluded.appointment_at
        THEN CASE WHEN excluded.due_at < dossiers.promised_at THEN dossiers.promised_at ELSE excluded.due_at END
        ELSE excluded.due_at
    END;

-- name: changes_add(source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after, fate)*!
INSERT INTO changes (
    source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after,
    fate
) VALUES (
    :source, :code, :number, :kind, :at, :status_before, :status_after, :appointment_before, :appointment_after,
    :fate
);

-- name: changes_of(source, code)
SELECT source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after, fate
FROM changes
WHERE source = :source AND code = :code
ORDER BY number;

-- name: late_add(code, source, version, fingerprint, seen_at, sequence, updated_at, status, status_text, appointment_at)*!
INSERT INTO late_events (
    code, source, version, fingerprint, seen_at, sequence, updated_at, status, status_text, appointment_at
) VALUES (
    :code, :source, :version, :fingerprint, :seen_at, :sequence, :updated_at, :status, :status_text, :appointment_at
)
ON CONFLICT DO NOTHING;

-- name: late_of(source, code)
SELECT code, source, fingerprint, seen_at, sequence, updated_at, status, status_text, appointment_at
FROM late_events
WHERE code = :code AND source = :source
ORDER BY seen_at, version;

-- name: dossiers_stale(before, agency, most)
-- The list of statuses is that of the index dossiers_open.
SELECT code, source, agency, agency_name, status, status_text, progressed_at, due_at
FROM dossiers
WHERE status IN (0, 1, 2, 4, 5, 6) AND progressed_at < :before AND (:agency = '' OR agency = :agency)
ORDER BY progressed_at, code
LIMIT :most;

-- name: stale_by_agency(before)
SELECT agency, MAX(agency_name) AS agency_name, COUNT(*) AS dossiers
FROM dossiers
WHERE status IN (0, 1, 2, 4, 5, 6) AND progressed_at < :before
GROUP BY agency
ORDER BY dossiers DESC, agency;

-- name: dossiers_count()^
SELECT (SELECT COUNT(*) FROM dossiers) AS dossiers, (SELECT COUNT(*) FROM changes) AS changes;

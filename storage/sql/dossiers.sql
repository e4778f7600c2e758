-- name: dossiers_known(source, codes)
-- The rows are locked in the order of their codes, so that two batches cannot wait for each other.
SELECT d.code, d.fingerprint, d.last_number
FROM json_each(:codes) AS wanted CROSS JOIN dossiers AS d
WHERE d.source = :source AND d.code = wanted.key
ORDER BY d.code
FOR UPDATE OF d;

-- name: dossiers_many(source, codes)
SELECT
    d.source, d.code, d.status, d.status_text, d.agency, d.agency_name, d.procedure, d.procedure_name,
    d.applicant, d.phone, d.received_at, d.appointment_at, d.finished_at, d.supplement, d.reason, d.place,
    d.updated_at
FROM json_each(:codes) AS wanted CROSS JOIN dossiers AS d
WHERE d.source = :source AND d.code = wanted.key;

-- name: dossiers_find(code)
SELECT
    source, code, status, status_text, agency, agency_name, procedure, procedure_name,
    applicant, phone, received_at, appointment_at, finished_at, supplement, reason, place, updated_at
FROM dossiers
WHERE code = :code
ORDER BY source;

-- name: dossiers_save(source, code, status, status_text, agency, agency_name, procedure, procedure_name, applicant, phone, received_at, appointment_at, finished_at, supplement, reason, place, updated_at, fingerprint, last_number, saved_at)*!
INSERT INTO dossiers (
    source, code, status, status_text, agency, agency_name, procedure, procedure_name,
    applicant, phone, received_at, appointment_at, finished_at, supplement, reason, place, updated_at,
    fingerprint, last_number, saved_at
) VALUES (
    :source, :code, :status, :status_text, :agency, :agency_name, :procedure, :procedure_name,
    :applicant, :phone, :received_at, :appointment_at, :finished_at, :supplement, :reason, :place, :updated_at,
    :fingerprint, :last_number, :saved_at
)
ON CONFLICT (source, code) DO UPDATE SET
    status = excluded.status, status_text = excluded.status_text,
    agency = excluded.agency, agency_name = excluded.agency_name,
    procedure = excluded.procedure, procedure_name = excluded.procedure_name,
    applicant = excluded.applicant, phone = excluded.phone,
    received_at = excluded.received_at, appointment_at = excluded.appointment_at,
    finished_at = excluded.finished_at, supplement = excluded.supplement, reason = excluded.reason,
    place = excluded.place, updated_at = excluded.updated_at, fingerprint = excluded.fingerprint,
    last_number = excluded.last_number, saved_at = excluded.saved_at;

-- name: changes_add(source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after)*!
INSERT INTO changes (
    source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after
) VALUES (
    :source, :code, :number, :kind, :at, :status_before, :status_after, :appointment_before, :appointment_after
);

-- name: changes_of(source, code)
SELECT source, code, number, kind, at, status_before, status_after, appointment_before, appointment_after
FROM changes
WHERE source = :source AND code = :code
ORDER BY number;

-- name: dossiers_count()^
SELECT (SELECT COUNT(*) FROM dossiers) AS dossiers, (SELECT COUNT(*) FROM changes) AS changes;

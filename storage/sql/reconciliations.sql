-- name: reconciliation_begin(source)!
DELETE FROM reconciliation_seen WHERE source = :source;

-- name: reconciliation_see(source, verdicts)!
INSERT INTO reconciliation_seen (source, code, verdict)
SELECT :source, seen.key, seen.value ->> 'verdict' FROM json_each(:verdicts) AS seen WHERE 1 = 1
ON CONFLICT (source, code) DO UPDATE SET verdict = excluded.verdict;

-- name: reconciliation_tally(source)
SELECT verdict, COUNT(*) AS codes FROM reconciliation_seen WHERE source = :source GROUP BY verdict;

-- name: reconciliation_codes(source, verdict, most)
SELECT code FROM reconciliation_seen WHERE source = :source AND verdict = :verdict ORDER BY code LIMIT :most;

-- name: missing_there_count(source)$
-- The list of statuses is that of the index dossiers_open.
SELECT COUNT(*) FROM dossiers AS d
WHERE d.source = :source AND d.status IN (0, 1, 2, 4, 5, 6)
    AND NOT EXISTS (SELECT 1 FROM reconciliation_seen AS s WHERE s.source = :source AND s.code = d.code);

-- name: missing_there(source, most)
SELECT d.code FROM dossiers AS d
WHERE d.source = :source AND d.status IN (0, 1, 2, 4, 5, 6)
    AND NOT EXISTS (SELECT 1 FROM reconciliation_seen AS s WHERE s.source = :source AND s.code = d.code)
ORDER BY d.code
LIMIT :most;

-- name: reconciliation_keep(source, began_at, ended_at, compared, missing_here, missing_there, differing, unread, quarantined, named)!
INSERT INTO reconciliations (
    source, began_at, ended_at, compared, missing_here, missing_there, differing, unread, quarantined, named
) VALUES (
    :source, :began_at, :ended_at, :compared, :missing_here, :missing_there, :differing, :unread, :quarantined, :named
)
ON CONFLICT (source, began_at) DO NOTHING;

-- name: reconciliations_latest()
SELECT
    r.source, r.began_at, r.ended_at, r.compared, r.missing_here, r.missing_there, r.differing, r.unread,
    r.quarantined, r.named
FROM reconciliations AS r
WHERE r.began_at = (SELECT MAX(o.began_at) FROM reconciliations AS o WHERE o.source = r.source)
ORDER BY r.source;

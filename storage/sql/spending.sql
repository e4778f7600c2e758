-- name: spent_of_month(month)
SELECT agency, messages, parts, cost, warned_at FROM spending WHERE month = :month;

-- name: spending_warned(agency, month, at)!
INSERT INTO spending (agency, month, messages, parts, cost, warned_at) VALUES (:agency, :month, 0, 0, 0, :at)
ON CONFLICT (month, agency) DO UPDATE SET warned_at = excluded.warned_at
WHERE spending.warned_at IS NULL;

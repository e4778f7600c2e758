-- name: shares_lock()!
-- The row of nobody: who wants to read shares in order to write them waits here for the one before, so that two who
-- join at once see each other. One row for all accounts: there is no order in which two could lock each other out.
INSERT INTO shares (account, owner, joined_at, until, granted) VALUES ('', '', 0, 0, 0)
ON CONFLICT (account, owner) DO UPDATE SET joined_at = excluded.joined_at;

-- name: shares_all()
SELECT account, owner, joined_at, until, granted FROM shares WHERE owner <> '' ORDER BY account, joined_at, owner;

-- name: shares_renew(owner, until)!
UPDATE shares SET until = :until WHERE owner = :owner;

-- name: shares_put(account, owner, joined_at, until, granted)*!
INSERT INTO shares (account, owner, joined_at, until, granted)
VALUES (:account, :owner, :joined_at, :until, :granted)
ON CONFLICT (account, owner) DO UPDATE SET
    joined_at = excluded.joined_at, until = excluded.until, granted = excluded.granted;

-- name: shares_drop(owners)!
DELETE FROM shares WHERE owner IN (SELECT key FROM json_each(:owners));

-- name: shares_in_hand(owners)
SELECT agency, SUM(parts) AS parts
FROM outbox
WHERE state = 'sending' AND owner IN (SELECT key FROM json_each(:owners))
GROUP BY agency;

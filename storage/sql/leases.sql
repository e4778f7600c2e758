-- name: lease_lock(name)
-- A new holder waits for the works of the one before; mere renewals do not.
SELECT fence FROM leases WHERE name = :name FOR UPDATE;

-- name: lease_take(name, owner, now, until)
INSERT INTO leases (name, owner, until, fence) VALUES (:name, :owner, :until, 1)
ON CONFLICT (name) DO UPDATE SET
    owner = excluded.owner,
    until = excluded.until,
    fence = leases.fence + CASE WHEN leases.owner = excluded.owner AND leases.until > :now THEN 0 ELSE 1 END
WHERE leases.owner = excluded.owner OR leases.until <= :now
RETURNING fence;

-- name: lease_renew(name, owner, fence, until)!
UPDATE leases SET until = :until WHERE name = :name AND owner = :owner AND fence = :fence;

-- name: lease_holders(names, now)
SELECT name, owner FROM leases WHERE name IN (SELECT key FROM json_each(:names)) AND until > :now;

-- name: leases_held(now)
SELECT name, owner FROM leases WHERE until > :now ORDER BY name;

-- name: lease_give_back(name, owner)!
-- The row stays, for its number.
UPDATE leases SET until = 0 WHERE name = :name AND owner = :owner;

-- name: lease_fence(name)
-- The weakest lock: the holder's works run side by side, and its renewals beside them. A new holder waits for them.
SELECT fence FROM leases WHERE name = :name FOR KEY SHARE;

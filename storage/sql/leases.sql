-- name: lease_take(name, owner, now, until)!
INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE leases.owner = excluded.owner OR leases.until <= :now;

-- name: lease_give_back(name, owner)!
DELETE FROM leases WHERE name = :name AND owner = :owner;

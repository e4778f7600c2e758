-- Several processes share one database.

-- Grows by one with each new holder, never with a renewal: what was held under an older number is void.
ALTER TABLE leases ADD COLUMN fence BIGINT NOT NULL DEFAULT 1;

-- How much of an account's pace each living sender may use. `until`: when the sender counts as dead unless it renews.
CREATE TABLE shares (
    account TEXT /*postgres COLLATE "C" */ NOT NULL,
    owner TEXT /*postgres COLLATE "C" */ NOT NULL,
    joined_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    granted DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (account, owner)
);

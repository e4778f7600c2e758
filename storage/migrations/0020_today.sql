-- What the page of the day asks for, answered from indexes alone.

-- The same deadlines as before; whose they are, and whether the clock runs, is told by the index.
DROP INDEX dossiers_deadline;
CREATE INDEX dossiers_deadline ON dossiers (due_at, code, source, agency, terms, status)
WHERE status IN (0, 1, 2, 4, 6) AND due_at IS NOT NULL;
CREATE INDEX outbox_held_of ON outbox (agency, held_for, source, situation, next_at, state) WHERE state = 'held';
CREATE INDEX outbox_quiet_ids ON outbox (id, agency, situation) WHERE state = 'held' AND held_for = 'quiet';
CREATE INDEX apologies_by_state ON apologies (state, old_at, id, agency) WHERE state <> 'draft';

-- Whose owner was told by a call or a letter, after no message had reached her.
CREATE TABLE told_by_hand (
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    way TEXT NOT NULL,
    done_by TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (code, source)
);

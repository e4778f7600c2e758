-- beside: 0024_parts_in_place
-- After a return to an older state: sources whose news may have been told before, as long as `ended_at` is NULL. What is
-- doubtful in the outbox itself has `held_for` 'restored'.

CREATE TABLE restore_doubts (
    source TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    taken_at BIGINT NOT NULL,
    restored_at BIGINT NOT NULL,
    policy TEXT NOT NULL,
    ends_by_itself BIGINT NOT NULL,
    ended_at BIGINT
);

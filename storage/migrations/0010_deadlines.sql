-- Deadlines, and the apologies for those that cannot be kept.

-- The statuses of bot.model.dossier in which a deadline runs against the office, and those that end it, by their end.
CREATE INDEX dossiers_deadline ON dossiers (due_at, code, source) WHERE status IN (0, 1, 2, 4, 6) AND due_at IS NOT NULL;
CREATE INDEX dossiers_ended ON dossiers (COALESCE(finished_at, progressed_at), agency) WHERE status IN (3, 8, 9, 10);
-- The source gave itself more time.
CREATE INDEX changes_postponed ON changes (at) WHERE kind = 'appointment' AND appointment_after > appointment_before;

-- Who need not be told again: a stage of a dossier's deadline; a contact's list of a day (`code` is the contact's name,
-- `due_at` the day's beginning); when the watch first looked (`due_at` 0).
CREATE TABLE deadline_notes (
    due_at BIGINT NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    stage TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (due_at, code, source, stage)
);

-- `state` is one of bot.model.apology.ApologyState; `message` is the id of the owner's message in the outbox.
CREATE TABLE apologies (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency_name TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    old_at BIGINT NOT NULL,
    new_at BIGINT NOT NULL,
    limit_at BIGINT NOT NULL,
    form TEXT NOT NULL,
    drafted_at BIGINT NOT NULL,
    drafted_by TEXT NOT NULL,
    changed_at BIGINT,
    changed_by TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT NOT NULL,
    why TEXT NOT NULL,
    override_why TEXT NOT NULL,
    fate TEXT NOT NULL,
    message TEXT /*postgres COLLATE "C" */ NOT NULL,
    UNIQUE (code, source, old_at)
);
CREATE INDEX apologies_open ON apologies (old_at, id) WHERE state = 'draft';
CREATE INDEX apologies_of_month ON apologies (old_at, agency);

CREATE TABLE apology_acts (
    apology TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    done_by TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (apology, number)
);

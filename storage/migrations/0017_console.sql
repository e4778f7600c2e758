-- What staff look for. `name_words` is the applicant's name as bot.model.name.name_words writes it, `given` its last word.
ALTER TABLE dossiers ADD COLUMN name_words TEXT NOT NULL DEFAULT '';
ALTER TABLE dossiers ADD COLUMN given TEXT /*postgres COLLATE "C" */ NOT NULL DEFAULT '';
-- Dossiers of before, whose names are still to be written so; see bot.naming. New ones are never in it.
CREATE INDEX dossiers_unnamed ON dossiers (code, source) WHERE name_words = '' AND applicant <> '';

-- Newest first: of an agency, of a procedure, in a status, of a given name. All that a list asks for stands in them.
CREATE INDEX dossiers_agency ON dossiers (agency, COALESCE(received_at, first_seen_at), code, source);
CREATE INDEX dossiers_procedure ON dossiers (procedure, COALESCE(received_at, first_seen_at), code, source);
-- Of an expression, so that what seeks deadlines among a few statuses does not take this index for its own.
CREATE INDEX dossiers_status ON dossiers ((status + 0), COALESCE(received_at, first_seen_at), code, source);
CREATE INDEX dossiers_given ON dossiers (given, COALESCE(received_at, first_seen_at), code, source, name_words) WHERE given <> '';

CREATE INDEX outbox_agency ON outbox (agency, id) WHERE agency <> '';
CREATE INDEX outbox_dossier ON outbox (code, id) WHERE code <> '';
-- Not as a list: see outbox_unreached.
CREATE INDEX outbox_unsent ON outbox (id) WHERE state = 'suppressed' OR state = 'superseded' OR state = 'cancelled';

CREATE INDEX conversations_about ON conversations (about, heard_at) WHERE about <> '';
CREATE INDEX feedback_dossier ON feedback (code, at) WHERE code <> '';

-- What few dossiers have (bot.model.dossier.Dossier.terms), as a JSON list; the date that our apology promised, in force
-- while the source names the old one; and what came of each change.
ALTER TABLE dossiers ADD COLUMN terms TEXT NOT NULL DEFAULT '';
ALTER TABLE dossiers ADD COLUMN promised_at BIGINT;
ALTER TABLE changes ADD COLUMN fate TEXT NOT NULL DEFAULT '';

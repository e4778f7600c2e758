-- What a message carries beside its text, as JSON: options to choose from, values for a provider's template, and the
-- ways that are left (`"ways":`). Empty for most.
ALTER TABLE outbox ADD COLUMN attached TEXT NOT NULL DEFAULT '';

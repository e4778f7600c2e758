-- Work under an Idempotency-Key that takes several transactions: who is at it until when, and what has come of it so far.
ALTER TABLE api_answers ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE api_answers ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;

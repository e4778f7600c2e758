-- Texts that an office has made its own, in all their versions. `state` is one of bot.model.wording.TextState, `body` a
-- bot.model.wording.Wording as JSON. An empty agency is all of them.
CREATE TABLE texts (
    situation TEXT /*postgres COLLATE "C" */ NOT NULL,
    language TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    published_by TEXT NOT NULL DEFAULT '',
    published_at BIGINT,
    retired_by TEXT NOT NULL DEFAULT '',
    retired_at BIGINT,
    copy_of BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (situation, language, agency, number)
);
CREATE UNIQUE INDEX texts_published ON texts (situation, language, agency) WHERE state = 'published';
CREATE UNIQUE INDEX texts_drafts ON texts (situation, language, agency) WHERE state = 'draft';

-- Goes up when what is in force changes. Whoever writes a text holds its row, so that numbers have no gap and no twin.
CREATE TABLE text_revision (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    revision BIGINT NOT NULL
);

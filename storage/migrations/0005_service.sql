-- What citizens ask of the office beside their dossiers, and what is remembered of those who asked to be forgotten.

-- `kind` is one of bot.model.service.FeedbackKind. Of somebody forgotten the row stays, without a word of hers.
CREATE TABLE feedback (
    number TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    kind TEXT NOT NULL,
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    channel TEXT NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    text TEXT NOT NULL,
    name TEXT NOT NULL,
    home TEXT NOT NULL,
    phone TEXT NOT NULL,
    language TEXT NOT NULL,
    at BIGINT NOT NULL,
    answer TEXT NOT NULL,
    answered_at BIGINT,
    answered_by TEXT NOT NULL
);
CREATE INDEX feedback_open ON feedback (at, number) WHERE answered_at IS NULL;
CREATE INDEX feedback_newest ON feedback (at, number);
CREATE INDEX feedback_of ON feedback (address);

-- The last receipt number given on a day, such as 261122.
CREATE TABLE numbers (
    prefix TEXT NOT NULL,
    day TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (prefix, day)
);

-- One question for each person and dossier. `score` is one of bot.model.service.Score.
CREATE TABLE surveys (
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    address TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    asked_at BIGINT NOT NULL,
    score BIGINT,
    reason TEXT NOT NULL,
    answered_at BIGINT,
    PRIMARY KEY (source, code, address)
);
CREATE INDEX surveys_of ON surveys (address, asked_at);
CREATE INDEX surveys_asked ON surveys (asked_at);

-- Chats in which the bot is silent, because a clerk answers or is waited for.
CREATE TABLE talks (
    address TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    channel TEXT NOT NULL,
    agency TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    clerk TEXT NOT NULL
);

-- Who was forgotten, by a keyed hash of the phone: else the next reading of a source would bring it back.
CREATE TABLE erasures (
    digest TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE TABLE erasure_salt (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    salt TEXT NOT NULL
);

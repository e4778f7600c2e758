-- Reports: figures of days and of months. A row of a month is the sum of its days' rows; `*` stands for the
-- sum over all agencies, or over all procedures.

CREATE TABLE report_days (
    day TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    computed_at BIGINT,
    wanted_at BIGINT
);

CREATE TABLE report_seen (
    name TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE report_dossiers (
    period TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    procedure TEXT /*postgres COLLATE "C" */ NOT NULL,
    received BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    online BIGINT NOT NULL,
    post BIGINT NOT NULL,
    early BIGINT NOT NULL,
    on_time BIGINT NOT NULL,
    late BIGINT NOT NULL,
    undated BIGINT NOT NULL,
    supplements BIGINT NOT NULL,
    supplements_again BIGINT NOT NULL,
    apologies BIGINT NOT NULL,
    apologies_after_limit BIGINT NOT NULL,
    apologies_sent BIGINT NOT NULL,
    apologies_in_time BIGINT NOT NULL,
    apologies_reached BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    very_satisfied BIGINT NOT NULL,
    satisfied BIGINT NOT NULL,
    not_satisfied BIGINT NOT NULL,
    feedback BIGINT NOT NULL,
    feedback_answered BIGINT NOT NULL,
    feedback_in_time BIGINT NOT NULL,
    PRIMARY KEY (period, agency, procedure)
);
CREATE INDEX report_agencies ON report_dossiers (period, agency) WHERE procedure = '*';

CREATE TABLE report_messages (
    period TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    scheme TEXT /*postgres COLLATE "C" */ NOT NULL,
    channel TEXT /*postgres COLLATE "C" */ NOT NULL,
    situation TEXT /*postgres COLLATE "C" */ NOT NULL,
    state TEXT /*postgres COLLATE "C" */ NOT NULL,
    messages BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (period, agency, scheme, channel, situation, state)
);

CREATE TABLE report_heard (
    period TEXT /*postgres COLLATE "C" */ NOT NULL,
    channel TEXT /*postgres COLLATE "C" */ NOT NULL,
    outcome TEXT /*postgres COLLATE "C" */ NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (period, channel, outcome)
);

CREATE TABLE report_late (
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    source TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    procedure TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (code, source)
);
CREATE INDEX report_late_ended ON report_late (ended_at, code, source);

CREATE TABLE report_names (
    kind TEXT NOT NULL,
    code TEXT /*postgres COLLATE "C" */ NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, code)
);

CREATE TABLE report_overdue (
    day TEXT /*postgres COLLATE "C" */ NOT NULL,
    agency TEXT /*postgres COLLATE "C" */ NOT NULL,
    procedure TEXT /*postgres COLLATE "C" */ NOT NULL,
    dossiers BIGINT NOT NULL,
    PRIMARY KEY (day, agency, procedure)
);

CREATE TABLE report_standing (
    agency TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    in_work BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    stale BIGINT NOT NULL
);

CREATE INDEX dossiers_received ON dossiers (received_at);
CREATE INDEX inbound_at ON inbound (at);

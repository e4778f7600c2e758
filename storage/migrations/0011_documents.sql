-- Documents that go with messages, whose `attached` names them. They hold names and are forgotten in time.
CREATE TABLE documents (
    id TEXT /*postgres COLLATE "C" */ PRIMARY KEY,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content /*sqlite BLOB *//*postgres BYTEA */ NOT NULL,
    put_at BIGINT NOT NULL
);
CREATE INDEX documents_oldest ON documents (put_at);

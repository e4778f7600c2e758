-- beside: 0024_parts_in_place
-- Whether what is personal is sealed, and under which keys: see storage/sealing. No rows: nothing is.
--
-- `kind` is `look-up` or `data` for a key that is in use, and `proof` something known that was sealed under it; `turn` for
-- the look-up key that all rows are being turned to while nobody works here; `walk` for how far, by table.
CREATE TABLE sealing (
    kind TEXT /*postgres COLLATE "C" */ NOT NULL,
    name TEXT /*postgres COLLATE "C" */ NOT NULL,
    proof TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

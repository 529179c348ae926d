-- The database and the bucket of one archive know each other: a restored older dump, or a bucket of another archive, is refused.

CREATE TABLE archive (
    only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    archive_id uuid        NOT NULL,
    revision   bigint      NOT NULL CHECK (revision > 0),
    revised_at timestamptz NOT NULL
);

COMMENT ON TABLE archive IS
    'One row: which archive this is, and its revision. The object archive.json in the bucket holds the same, and never a higher revision than the database that wrote it. Empty until the first run or rebuild.';
COMMENT ON COLUMN archive.only_one IS 'True: the table has one row at most.';
COMMENT ON COLUMN archive.archive_id IS 'Random identifier of the archive, created by its first run; rebuild takes it from the bucket.';
COMMENT ON COLUMN archive.revision IS
    'Counter: 1 more at the start and at the end of each run and each forget, each minute of a run, and at each waive; committed before archive.json is written. A bucket with a higher revision was written after this database was dumped.';
COMMENT ON COLUMN archive.revised_at IS 'When the revision was counted up last, by the clock of the node.';

-- The transparency log of captures: what the bucket's log commits to, and how far it was written.

CREATE TABLE log_entry (
    entry       bytea       PRIMARY KEY CHECK (length(entry) = 32),
    position    bigint      UNIQUE CHECK (position >= 0),
    note_id     text COLLATE "C",
    captured_at timestamptz,
    salt        bytea       CHECK (length(salt) = 32),
    recorded_at timestamptz NOT NULL,
    CHECK (num_nulls(note_id, captured_at, salt) IN (0, 3))
);

CREATE INDEX log_entry_note ON log_entry (note_id) WHERE note_id IS NOT NULL;
CREATE INDEX log_entry_pending ON log_entry (recorded_at, entry) WHERE position IS NULL;

COMMENT ON TABLE log_entry IS
    'Entries of the transparency log, and those that the end of a run will append. A capture whose files or waivers change has several. forget removes what names the note: the entry stays, and the log whole.';
COMMENT ON COLUMN log_entry.entry IS
    'SHA-256 of the salt and the record of the capture, which is computed from its sidecar: the entry itself, as the bucket has it.';
COMMENT ON COLUMN log_entry.position IS 'Place in the log, from 0; NULL: not appended yet.';
COMMENT ON COLUMN log_entry.note_id IS 'The note; NULL: it was forgotten, or the entry was adopted from the bucket alone.';
COMMENT ON COLUMN log_entry.captured_at IS 'The capture, as in note_capture.';
COMMENT ON COLUMN log_entry.salt IS '32 random bytes, without which nothing can be learnt from the entry.';
COMMENT ON COLUMN log_entry.recorded_at IS 'When the sidecar with this record was about to be stored, or the entry was adopted.';

CREATE TABLE log_checkpoint (
    size        bigint      PRIMARY KEY CHECK (size > previous),
    previous    bigint      NOT NULL UNIQUE CHECK (previous >= 0),
    root_sha256 text        NOT NULL CHECK (root_sha256 ~ '^[0-9a-f]{64}$'),
    created_at  timestamptz NOT NULL,
    signed_text text,
    audited_at  timestamptz
);

COMMENT ON TABLE log_checkpoint IS
    'Checkpoints of the transparency log: one per run with new entries, and at least one per 65,536 entries. Each references its predecessor, and no two reference the same one, so that several nodes cannot fork the log; a restored dump adopts the log of the bucket first. Requires that only one database is in use with the bucket. The row is written first, then the tiles, then the object log/checkpoint.';
COMMENT ON COLUMN log_checkpoint.size IS 'Number of entries.';
COMMENT ON COLUMN log_checkpoint.previous IS 'Size of the checkpoint before; 0: none.';
COMMENT ON COLUMN log_checkpoint.root_sha256 IS 'Root of the Merkle tree (RFC 6962), in lower-case hex.';
COMMENT ON COLUMN log_checkpoint.created_at IS 'When its entries got their positions.';
COMMENT ON COLUMN log_checkpoint.signed_text IS
    'The signed checkpoint as stored in the bucket; NULL: its objects are not all written yet, the next run does so; or a part of what was adopted.';
COMMENT ON COLUMN log_checkpoint.audited_at IS
    'When an audit recomputed the log up to here from the bucket; NULL: not yet.';

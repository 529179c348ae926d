-- What audits of the store found: where it does not hold what the tables say, or holds what they do not know.

CREATE TABLE fixity_finding (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text        NOT NULL CHECK (kind IN ('MISSING', 'CORRUPT', 'SIZE', 'UNREADABLE', 'UNRECORDED',
                                                          'SIDECAR_MISSING', 'SIDECAR_CORRUPT', 'SIDECAR_STALE', 'FORGOTTEN',
                                                          'ORPHAN')),
    object_key       text        NOT NULL,
    sha256           text COLLATE "C" CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    note_id          text COLLATE "C" CHECK (note_id ~ '^[0-9a-f]{24}$'),
    expected         text,
    seen             text        NOT NULL,
    first_seen       timestamptz NOT NULL,
    last_seen        timestamptz NOT NULL,
    resolved_at      timestamptz,
    repair           text,
    repaired_at      timestamptz,
    job_execution_id bigint      NOT NULL,
    CHECK (last_seen >= first_seen)
);

-- A key has one open finding at most; what is wrong with it may change.
CREATE UNIQUE INDEX fixity_finding_open ON fixity_finding (object_key) WHERE resolved_at IS NULL;

COMMENT ON TABLE fixity_finding IS
    'What verify found wrong with the store, one row for each object from its first sight until an audit finds it good. Open while resolved_at is NULL.';
COMMENT ON COLUMN fixity_finding.id IS 'Numbered in the order of finding.';
COMMENT ON COLUMN fixity_finding.kind IS
    'MISSING: the store has no such key. SIZE: another length. CORRUPT: the length is right, the SHA-256 is another. UNREADABLE: the store is available but does not return this object. UNRECORDED: a slot in note_media is STORED with a digest that media_object does not have. SIDECAR_MISSING, SIDECAR_CORRUPT: the same for the exact answer of a capture. SIDECAR_STALE: the sidecar differs from the tables or the log. FORGOTTEN: the object belongs to an erased note. ORPHAN: no row points at the object, or only a row of media_object that no slot uses.';
COMMENT ON COLUMN fixity_finding.object_key IS
    'Key within the bucket. UNRECORDED: media/, the first two digits, / and the digest, since the extension is unknown.';
COMMENT ON COLUMN fixity_finding.sha256 IS 'The digest that the file should have; NULL for sidecars and orphans.';
COMMENT ON COLUMN fixity_finding.note_id IS
    'Whose sidecar it is, or whose slot is UNRECORDED; NULL else: note_media says which notes use a file.';
COMMENT ON COLUMN fixity_finding.expected IS 'What the tables say, for a person to read; NULL for orphans.';
COMMENT ON COLUMN fixity_finding.seen IS 'What the store gave, for a person to read.';
COMMENT ON COLUMN fixity_finding.first_seen IS 'When an audit first found it so.';
COMMENT ON COLUMN fixity_finding.last_seen IS 'When an audit last found it so.';
COMMENT ON COLUMN fixity_finding.resolved_at IS
    'When an audit found the object good, or nothing wrong with it any more; for an orphan also when it was removed.';
COMMENT ON COLUMN fixity_finding.repair IS
    'The last action of verify --repair, or why none was possible; NULL: never repaired.';
COMMENT ON COLUMN fixity_finding.repaired_at IS 'When that was.';
COMMENT ON COLUMN fixity_finding.job_execution_id IS
    'The audit that last saw it: batch_job_execution.job_execution_id.';

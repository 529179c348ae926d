-- The same file of the source under another note: it need not be downloaded again.
CREATE INDEX note_media_identity ON note_media (identity) WHERE state = 'STORED';

COMMENT ON COLUMN note_media.reason IS
    'STORED: empty, or DEGRADED when a lesser rendition than the best one offered was taken, whose better one is tried for on later nights while the answer is fresh. WAIVED: NOT_OFFERED_BY_V1, BY_POLICY, or what an operator gave. MISSING: RETRY (will be tried again), DEAD (every address dead; a new answer may help) or GONE (dead in two answers of different nights).';
COMMENT ON COLUMN note_media.error IS 'Why the last try failed, for a person to read. DEGRADED: why the better renditions could not be had.';
COMMENT ON COLUMN worklist.due_at IS
    'When a run may take the note up (again); NULL: never by itself. ARCHIVED: when it tries for the better rendition of some file, without a call.';

-- The note ids to archive, and how far each one got. One row a note, for ever.

CREATE TABLE worklist (
    note_id                text        PRIMARY KEY CHECK (note_id ~ '^[0-9a-f]{24}$'),
    state                  text        NOT NULL DEFAULT 'PENDING'
                                       CHECK (state IN ('PENDING', 'POSTPONED', 'ARCHIVED', 'UNAVAILABLE', 'FAILED')),
    priority               smallint    NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9),
    answer_held            boolean     NOT NULL DEFAULT false,
    lane                   smallint    NOT NULL GENERATED ALWAYS AS (CASE WHEN answer_held THEN 10 ELSE priority END) STORED,
    attempts               integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_tonight       integer     NOT NULL DEFAULT 0 CHECK (attempts_tonight >= 0),
    media_attempts         integer     NOT NULL DEFAULT 0 CHECK (media_attempts >= 0),
    media_attempts_tonight integer     NOT NULL DEFAULT 0 CHECK (media_attempts_tonight >= 0),
    counted_night          date,
    missing_night          date,
    due_at                 timestamptz,
    last_code              integer,
    last_error             text,
    source                 text        NOT NULL DEFAULT 'enqueue',
    enqueued_at            timestamptz NOT NULL,
    settled_at             timestamptz,
    settled_by             bigint,
    claimed_by             text,
    claimed_until          timestamptz,
    claim_id               bigint,
    CHECK ((claimed_by IS NULL) = (claim_id IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
    CHECK (due_at IS NOT NULL OR state IN ('ARCHIVED', 'FAILED', 'UNAVAILABLE'))
)
-- Each note changes its row a few times: room on the page keeps those updates beside it, and the dead ones are
-- cleared after a few thousand instead of after a fifth of the table.
WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
      autovacuum_analyze_scale_factor = 0.02);

CREATE SEQUENCE worklist_claim_seq AS bigint;

-- The claim: for each lane from the highest, the row that has been due for the longest.
CREATE INDEX worklist_due ON worklist (lane, due_at, note_id) WHERE due_at IS NOT NULL;
-- What a node holds: renewed every minute, released after a crash, looked at before a run may end.
CREATE INDEX worklist_claimed ON worklist (claimed_by) WHERE claimed_by IS NOT NULL;
-- Whether this instance left notes behind, and what status and requeue --state ask for.
CREATE INDEX worklist_left ON worklist (state, settled_by) WHERE state IN ('POSTPONED', 'FAILED');

COMMENT ON TABLE worklist IS 'The note ids to archive, and how far each one got. Filled by enqueue, worked off by run.';
COMMENT ON COLUMN worklist.note_id IS '24 lower-case hexadecimal digits, as in the links of the app.';
COMMENT ON COLUMN worklist.state IS
    'PENDING: never asked. POSTPONED: asked, and asked again at due_at. ARCHIVED: every expected file stored or waived by name. UNAVAILABLE: there is no such note, or no longer; looked at again at due_at. FAILED: given up, last_error says why; requeue makes it due again.';
COMMENT ON COLUMN worklist.priority IS '0 to 9, the highest first; 5 unless enqueue says otherwise.';
COMMENT ON COLUMN worklist.answer_held IS
    'True while a paid answer waits for its media, whose addresses expire: such a note comes before all others.';
COMMENT ON COLUMN worklist.lane IS 'The order of claims, highest first: 10 for a note whose answer is held, else its priority.';
COMMENT ON COLUMN worklist.attempts IS 'Times this note was put off by the provider (code 301 and its like), in its life. requeue sets it to 0.';
COMMENT ON COLUMN worklist.attempts_tonight IS 'The same, in the night of counted_night.';
COMMENT ON COLUMN worklist.media_attempts IS 'Times this note was put off because a file could not be had, in its life. requeue sets it to 0.';
COMMENT ON COLUMN worklist.media_attempts_tonight IS 'The same, in the night of counted_night.';
COMMENT ON COLUMN worklist.counted_night IS 'The night (calendar day of Asia/Shanghai) that the two counters of tonight belong to.';
COMMENT ON COLUMN worklist.missing_night IS
    'The night in which a successful answer did not hold the note. A second such night makes it UNAVAILABLE.';
COMMENT ON COLUMN worklist.due_at IS 'When a run may take the note up (again); NULL: never by itself.';
COMMENT ON COLUMN worklist.last_code IS 'The provider''s code at the last settlement; NULL after a transport fault or when no call was made.';
COMMENT ON COLUMN worklist.last_error IS 'What stood in the way last, for a person to read; NULL when nothing does.';
COMMENT ON COLUMN worklist.source IS 'Where the id came from, as enqueue --source says.';
COMMENT ON COLUMN worklist.settled_at IS 'When a run last decided about the note.';
COMMENT ON COLUMN worklist.settled_by IS 'The job execution that last decided about it: batch_job_execution.job_execution_id.';
COMMENT ON COLUMN worklist.claimed_by IS 'The node that works on the note now; NULL: none.';
COMMENT ON COLUMN worklist.claimed_until IS 'End of the lease, by the database''s clock. Renewed every minute; after it any node may take the note over.';
COMMENT ON COLUMN worklist.claim_id IS 'Which claim: whoever settles the note names it, so a claim that was lost writes nothing.';

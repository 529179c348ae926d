-- The note ids to archive, how far each one got, and how many there are of each kind.

CREATE TABLE worklist (
    -- the comparison costs a tenth of a regular expression
    note_id                text COLLATE "C" PRIMARY KEY
                                       CHECK (length(note_id) = 24 AND encode(decode(note_id, 'hex'), 'hex') = note_id),
    state                  text        NOT NULL DEFAULT 'PENDING'
                                       CHECK (state IN ('PENDING', 'POSTPONED', 'ARCHIVED', 'UNAVAILABLE', 'FAILED')),
    priority               smallint    NOT NULL DEFAULT 5 CHECK (priority BETWEEN 0 AND 9),
    response_held          boolean     NOT NULL DEFAULT false,
    lane                   smallint    NOT NULL GENERATED ALWAYS AS (CASE WHEN response_held THEN 10 ELSE priority END) STORED,
    attempts               integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_tonight       integer     NOT NULL DEFAULT 0 CHECK (attempts_tonight >= 0),
    media_attempts         integer     NOT NULL DEFAULT 0 CHECK (media_attempts >= 0),
    media_attempts_tonight integer     NOT NULL DEFAULT 0 CHECK (media_attempts_tonight >= 0),
    counted_night          date,
    missing_night          date,
    due_at                 timestamptz,
    last_code              integer,
    reason                 text        CHECK (reason IN ('MEDIA_INCOMPLETE', 'REJECTED', 'RETRIES_EXHAUSTED', 'WRITE_FAILED',
                                                          'NOT_FOUND', 'PROVIDER_ERROR', 'NOTE_ABSENT', 'URLS_EXPIRED',
                                                          'MEDIA_PENDING', 'STORE_ERROR', 'VIDEO_PENDING',
                                                          'RESPONSE_PENDING', 'CALLS_ENDED', 'INTERNAL_ERROR')),
    detail                 text,
    source                 text        NOT NULL DEFAULT 'enqueue',
    enqueued_at            timestamptz NOT NULL,
    settled_at             timestamptz,
    settled_by             bigint,
    requeued_at            timestamptz,
    claimed_by             text,
    claimed_until          timestamptz,
    claim_id               bigint,
    refresh_days           integer     CHECK (refresh_days BETWEEN 1 AND 36500),
    refresh_on             date,
    refresh_night          date,
    refresh_attempts       integer     NOT NULL DEFAULT 0 CHECK (refresh_attempts >= 0),
    refresh_value          smallint    NOT NULL DEFAULT 0 CHECK (refresh_value BETWEEN 0 AND 9),
    gone_since             timestamptz,
    sidecar_due            bigint,
    changed_at             timestamptz NOT NULL DEFAULT now(),
    CHECK ((claimed_by IS NULL) = (claim_id IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_until IS NULL)),
    CHECK (reason IS NOT NULL OR state IN ('PENDING', 'ARCHIVED')),
    CHECK (reason IS NOT NULL OR detail IS NULL),
    CHECK (due_at IS NOT NULL OR state IN ('ARCHIVED', 'FAILED', 'UNAVAILABLE'))
)
-- Each note changes its row a few times: room on the page keeps those updates beside it. A dead row is left by each claim
-- and each settlement, and dead entries in the index that claims read: of a long list a part is too many.
WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_threshold = 5000,
      autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

CREATE SEQUENCE worklist_claim_seq AS bigint;

-- The claim: for each lane from the highest, the row that has been due for the longest.
CREATE INDEX worklist_due ON worklist (lane, due_at, note_id) WHERE due_at IS NOT NULL;
-- What a node holds: renewed every minute, released after a crash, looked at before a run may end.
CREATE INDEX worklist_claimed ON worklist (claimed_by) WHERE claimed_by IS NOT NULL;
-- Whether this instance left notes behind, and what status and requeue --state ask for.
CREATE INDEX worklist_left ON worklist (state, settled_by) WHERE state IN ('POSTPONED', 'FAILED');
-- Which archived notes are due again.
CREATE INDEX worklist_requeued ON worklist (note_id) WHERE requeued_at IS NOT NULL AND state IN ('PENDING', 'POSTPONED');
-- The claim of a refresh: of the highest value, the note that has been due for the longest. Looked at when no lane has a
-- note that is due.
CREATE INDEX worklist_refresh ON worklist (refresh_value, refresh_night, note_id)
    WHERE refresh_night IS NOT NULL AND state IN ('ARCHIVED', 'UNAVAILABLE');
-- What a run writes again before it claims.
CREATE INDEX worklist_sidecar_due ON worklist (note_id) WHERE sidecar_due IS NOT NULL;
-- note_gone, and the notes that vanished last.
CREATE INDEX worklist_unavailable ON worklist (gone_since DESC NULLS LAST, note_id DESC) WHERE state = 'UNAVAILABLE';

COMMENT ON TABLE worklist IS 'The note ids to archive, and how far each one got. Filled by enqueue, worked off by run.';
COMMENT ON COLUMN worklist.note_id IS '24 lower-case hexadecimal digits, as in the links of the app.';
COMMENT ON COLUMN worklist.state IS
    'PENDING: not requested yet. POSTPONED: requested, and retried at due_at. ARCHIVED: every expected file stored or waived by name. UNAVAILABLE: the provider has no such note, or no longer (archived rows and files stay, see note.archived_at); checked again at due_at, or in refresh_night. FAILED: failed permanently, reason says why; requeue makes it due again.';
COMMENT ON COLUMN worklist.priority IS '0 to 9, the highest first; 5 unless enqueue sets another.';
COMMENT ON COLUMN worklist.response_held IS
    'True while a paid response waits for its media, whose URLs expire: such a note is claimed before all others.';
COMMENT ON COLUMN worklist.lane IS
    'The order of claims, highest first: 10 for a note whose response is held, else its priority.';
COMMENT ON COLUMN worklist.attempts IS
    'Number of times this note was postponed for the provider (code 301 and similar faults). requeue sets it to 0.';
COMMENT ON COLUMN worklist.attempts_tonight IS 'The same, in the night of counted_night.';
COMMENT ON COLUMN worklist.media_attempts IS
    'Number of times this note was postponed for a file that could not be downloaded. requeue sets it to 0.';
COMMENT ON COLUMN worklist.media_attempts_tonight IS 'The same, in the night of counted_night.';
COMMENT ON COLUMN worklist.counted_night IS
    'The night (calendar day of Asia/Shanghai) that the two counters of tonight belong to.';
COMMENT ON COLUMN worklist.missing_night IS
    'The night in which a successful response did not contain the note. A second such night makes it UNAVAILABLE.';
COMMENT ON COLUMN worklist.due_at IS
    'When a run may take the note up (again); NULL: never by itself. ARCHIVED: when it tries for the better rendition of some file, without a call.';
COMMENT ON COLUMN worklist.last_code IS
    'The provider''s code at the last settlement; NULL after a transport fault or when no call was made.';
COMMENT ON COLUMN worklist.reason IS
    'Why the note is POSTPONED, FAILED or UNAVAILABLE; ARCHIVED: why a refresh or a better rendition is missing. NULL: no reason. note-archive status prints what each one means.';
COMMENT ON COLUMN worklist.detail IS 'Details of the reason, for operators; no program parses it. NULL: none.';
COMMENT ON COLUMN worklist.source IS 'Where the id came from, as given to enqueue --source.';
COMMENT ON COLUMN worklist.enqueued_at IS 'When enqueue put it onto the worklist.';
COMMENT ON COLUMN worklist.settled_at IS 'When a run last decided about the note.';
COMMENT ON COLUMN worklist.settled_by IS
    'The job execution that last decided about it: batch_job_execution.job_execution_id; NULL after a rebuild, where that is no longer known.';
COMMENT ON COLUMN worklist.requeued_at IS
    'When requeue last made the note due again; NULL: never, or not known after a rebuild.';
COMMENT ON COLUMN worklist.claimed_by IS 'The node that works on the note now; NULL: none.';
COMMENT ON COLUMN worklist.claimed_until IS
    'End of the lease, by the database''s clock. Renewed every minute; after it any node may take the note over.';
COMMENT ON COLUMN worklist.claim_id IS
    'Fencing token of the claim: each settling UPDATE checks it, so a lost claim writes nothing.';
COMMENT ON COLUMN worklist.refresh_days IS
    'The note is refreshed this number of nights after each response, regardless of archive.refresh; NULL: by archive.refresh. Set by enqueue --refresh-after.';
COMMENT ON COLUMN worklist.refresh_on IS
    'A night in which the note is refreshed once; done when a response of that night or a later one exists. Set by enqueue --refresh-after.';
COMMENT ON COLUMN worklist.refresh_night IS
    'The night (calendar day of Asia/Shanghai) from which a run may buy a new response about a note that is ARCHIVED, or that was and is UNAVAILABLE; NULL: never. A response of that night or later is the new one. Planned from the last response when the note is archived, and for all notes when archive.refresh has changed.';
COMMENT ON COLUMN worklist.refresh_attempts IS 'Nights in a row in which the refresh that is due came to nothing.';
COMMENT ON COLUMN worklist.refresh_value IS
    'The order of due refreshes, highest first; 0 for all while archive.refresh.order is age, and for notes that are not ARCHIVED. Planned with refresh_night: growth of likes a day (1, 2, 3 or 4 from 1, 10, 100 or 1,000), plus edits (2 at most), plus signs that the note may vanish (2 if it is in censor or not public, 1 if another note of the author is UNAVAILABLE).';
COMMENT ON COLUMN worklist.gone_since IS
    'When the note became UNAVAILABLE; later checks with the same result keep it. After a rebuild, the time of the last check. NULL: it was never so, or a response contained it since. Set by a trigger.';
COMMENT ON COLUMN worklist.sidecar_due IS
    'Mark of a decision that the sidecars of the note do not have yet, another one for each: they are written from the tables after the commit, at the latest when the next run starts. NULL: they equal the tables.';
COMMENT ON COLUMN worklist.changed_at IS
    'When the row was inserted, settled, or changed by an operator, by the database''s clock; claims and plans do not count. export --since reads it. Set by a trigger.';

CREATE FUNCTION mark_changed() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION mark_changed() IS 'Sets changed_at to the begin of the transaction.';

CREATE TRIGGER worklist_changed BEFORE UPDATE ON worklist FOR EACH ROW
    WHEN ((OLD.state, OLD.reason, OLD.last_code, OLD.attempts, OLD.media_attempts, OLD.source, OLD.enqueued_at, OLD.settled_at)
          IS DISTINCT FROM
          (NEW.state, NEW.reason, NEW.last_code, NEW.attempts, NEW.media_attempts, NEW.source, NEW.enqueued_at, NEW.settled_at))
    EXECUTE FUNCTION mark_changed();

CREATE FUNCTION worklist_gone_since() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    NEW.gone_since := CASE WHEN NEW.state = 'UNAVAILABLE'
                                -- not after a refresh that found it, but could not store it
                                AND (NEW.reason IN ('MEDIA_INCOMPLETE', 'URLS_EXPIRED', 'MEDIA_PENDING', 'VIDEO_PENDING',
                                                    'STORE_ERROR', 'WRITE_FAILED')) IS NOT TRUE
                           THEN coalesce(NEW.gone_since, NEW.settled_at) END;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION worklist_gone_since() IS 'Keeps worklist.gone_since.';

CREATE TRIGGER worklist_gone_insert BEFORE INSERT ON worklist FOR EACH ROW
    WHEN (NEW.state = 'UNAVAILABLE') EXECUTE FUNCTION worklist_gone_since();
CREATE TRIGGER worklist_gone_update BEFORE UPDATE ON worklist FOR EACH ROW
    WHEN (NEW.state = 'UNAVAILABLE' AND NEW.gone_since IS NULL
          OR NEW.gone_since IS NOT NULL
             AND (NEW.state = 'ARCHIVED'
                  -- found, but not complete
                  OR NEW.reason IN ('MEDIA_INCOMPLETE', 'URLS_EXPIRED', 'MEDIA_PENDING', 'VIDEO_PENDING', 'STORE_ERROR',
                                    'WRITE_FAILED')))
    EXECUTE FUNCTION worklist_gone_since();

-- How many notes there are is known without reading them all: counts are kept where rows change.

-- Rows are added and never changed: two who settle notes at once do not wait for each other.
CREATE TABLE worklist_count (
    state         text        NOT NULL,
    response_held boolean     NOT NULL,
    due_hour      timestamptz,
    refresh_night date,
    reason        text,
    code          integer,
    notes         bigint      NOT NULL
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

COMMENT ON TABLE worklist_count IS
    'How many notes the worklist has of a kind, as a sum: SELECT state, sum(notes) FROM worklist_count GROUP BY state. Each change of a row of worklist adds -1 for what the note was and +1 for what it is, by triggers; runs put these together now and then. It is never wrong, but for changes made with session_replication_role = replica: worklist_recount() puts that right.';
COMMENT ON COLUMN worklist_count.state IS 'worklist.state.';
COMMENT ON COLUMN worklist_count.response_held IS 'worklist.response_held.';
COMMENT ON COLUMN worklist_count.due_hour IS 'The beginning of the hour of worklist.due_at; NULL as that.';
COMMENT ON COLUMN worklist_count.refresh_night IS
    'worklist.refresh_night of notes that are ARCHIVED or UNAVAILABLE; NULL: none is planned, or another state.';
COMMENT ON COLUMN worklist_count.reason IS 'worklist.reason of notes that are POSTPONED or FAILED; NULL: another state.';
COMMENT ON COLUMN worklist_count.code IS
    'worklist.last_code of notes that are POSTPONED or FAILED; NULL as that, or another state.';
COMMENT ON COLUMN worklist_count.notes IS 'To be added up. Negative: so many fewer.';

-- Notes are settled one by one, and claimed without becoming of another kind: a trigger a row, which a claim does not
-- reach, costs least. A statement that changes thousands says so (note_archive.counted = by statement, for its
-- transaction), and is counted once as a whole.
CREATE FUNCTION worklist_count_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
    VALUES (OLD.state, OLD.response_held, date_bin('1 hour', OLD.due_at, timestamptz 'epoch'),
            CASE WHEN OLD.state IN ('ARCHIVED', 'UNAVAILABLE') THEN OLD.refresh_night END,
            CASE WHEN OLD.state IN ('POSTPONED', 'FAILED') THEN OLD.reason END,
            CASE WHEN OLD.state IN ('POSTPONED', 'FAILED') THEN OLD.last_code END, -1),
           (NEW.state, NEW.response_held, date_bin('1 hour', NEW.due_at, timestamptz 'epoch'),
            CASE WHEN NEW.state IN ('ARCHIVED', 'UNAVAILABLE') THEN NEW.refresh_night END,
            CASE WHEN NEW.state IN ('POSTPONED', 'FAILED') THEN NEW.reason END,
            CASE WHEN NEW.state IN ('POSTPONED', 'FAILED') THEN NEW.last_code END, 1);
    RETURN NULL;
END $$;

COMMENT ON FUNCTION worklist_count_row() IS 'Keeps worklist_count when a note of the worklist becomes of another kind.';

CREATE FUNCTION worklist_count_statement() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
        SELECT state, response_held, date_bin('1 hour', due_at, timestamptz 'epoch'),
               CASE WHEN state IN ('ARCHIVED', 'UNAVAILABLE') THEN refresh_night END,
               CASE WHEN state IN ('POSTPONED', 'FAILED') THEN reason END,
               CASE WHEN state IN ('POSTPONED', 'FAILED') THEN last_code END, -count(*)
        FROM before_it GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
        SELECT state, response_held, date_bin('1 hour', due_at, timestamptz 'epoch'),
               CASE WHEN state IN ('ARCHIVED', 'UNAVAILABLE') THEN refresh_night END,
               CASE WHEN state IN ('POSTPONED', 'FAILED') THEN reason END,
               CASE WHEN state IN ('POSTPONED', 'FAILED') THEN last_code END, count(*)
        FROM after_it GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION worklist_count_statement() IS 'Keeps worklist_count for a whole statement.';

CREATE FUNCTION worklist_count_nothing() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM worklist_count;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION worklist_count_nothing() IS 'Keeps worklist_count when the worklist is emptied.';

CREATE FUNCTION worklist_recount() RETURNS void
    LANGUAGE sql
BEGIN ATOMIC
    -- merging counts happens before or after this statement; rows added meanwhile stay separate
    SELECT pg_advisory_xact_lock(hashtext('note-archive, worklist_count'), 0);
    DELETE FROM worklist_count;
    INSERT INTO worklist_count (state, response_held, due_hour, refresh_night, reason, code, notes)
    SELECT w.state, w.response_held, date_bin('1 hour', w.due_at, timestamptz 'epoch'),
           CASE WHEN w.state IN ('ARCHIVED', 'UNAVAILABLE') THEN w.refresh_night END,
           CASE WHEN w.state IN ('POSTPONED', 'FAILED') THEN w.reason END,
           CASE WHEN w.state IN ('POSTPONED', 'FAILED') THEN w.last_code END, count(*)
    FROM worklist w GROUP BY 1, 2, 3, 4, 5, 6;
END;

COMMENT ON FUNCTION worklist_recount() IS
    'Recounts all notes of the worklist into worklist_count. Reads the whole table; run LOCK TABLE worklist IN SHARE MODE before, in the same transaction, otherwise concurrent changes are lost.';

CREATE TRIGGER worklist_count_row AFTER UPDATE ON worklist FOR EACH ROW
    WHEN ((OLD.state <> NEW.state OR OLD.response_held <> NEW.response_held OR OLD.due_at IS DISTINCT FROM NEW.due_at
           OR OLD.refresh_night IS DISTINCT FROM NEW.refresh_night OR OLD.last_code IS DISTINCT FROM NEW.last_code
           OR OLD.reason IS DISTINCT FROM NEW.reason)
          AND coalesce(current_setting('note_archive.counted', true), '') <> 'by statement')
    EXECUTE FUNCTION worklist_count_row();
CREATE TRIGGER worklist_count_update AFTER UPDATE ON worklist
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT
    WHEN (coalesce(current_setting('note_archive.counted', true), '') = 'by statement')
    EXECUTE FUNCTION worklist_count_statement();
CREATE TRIGGER worklist_count_insert AFTER INSERT ON worklist
    REFERENCING NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION worklist_count_statement();
CREATE TRIGGER worklist_count_delete AFTER DELETE ON worklist
    REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION worklist_count_statement();
CREATE TRIGGER worklist_count_truncate AFTER TRUNCATE ON worklist
    FOR EACH STATEMENT EXECUTE FUNCTION worklist_count_nothing();

CREATE TABLE refresh_policy (
    only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    policy     text        NOT NULL,
    planned_at timestamptz NOT NULL
);

COMMENT ON TABLE refresh_policy IS
    'The settings by which refresh_night was planned last for all notes. A run with other settings plans again.';
COMMENT ON COLUMN refresh_policy.only_one IS 'True: the table has one row at most.';
COMMENT ON COLUMN refresh_policy.policy IS
    'ages and gaps of archive.refresh, in days; off where it is not enabled. The prefix "unfinished: " means that not all notes are planned yet: a run is planning or was interrupted, and the next run plans again.';
COMMENT ON COLUMN refresh_policy.planned_at IS 'When that was.';

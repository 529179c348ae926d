-- How many notes and files there are is known without reading them all: counts are kept where rows change.

-- ---------------------------------------------------------------------------------------------------------------
-- The worklist
-- ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION worklist_obstacle(state text, last_code integer, last_error text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN state = 'FAILED' THEN
                     CASE WHEN last_error LIKE 'MEDIA_INCOMPLETE:%' THEN 'MEDIA_INCOMPLETE'
                          WHEN last_error LIKE 'rejected:%' THEN 'REJECTED'
                          WHEN last_error LIKE 'given up after%' THEN 'GIVEN_UP'
                          ELSE 'FAILED_OTHERWISE' END
                WHEN state = 'POSTPONED' THEN
                     CASE WHEN last_error LIKE 'unforeseen:%' THEN 'UNFORESEEN'
                          WHEN last_error LIKE 'not in the answer:%' THEN 'NOT_IN_ANSWER'
                          WHEN last_error LIKE 'VIDEO %' THEN 'VIDEO'
                          WHEN last_code = 0 THEN 'FILES'
                          ELSE 'PROVIDER' END END;

COMMENT ON FUNCTION worklist_obstacle(text, integer, text) IS
    'What stands between a note and its end, by its row of worklist, told apart by what somebody can do about it: the names of run_summary.left_over. NULL: nothing does.';

-- Rows are added and never changed: two who settle notes at once do not wait for each other.
CREATE TABLE worklist_count (
    state         text        NOT NULL,
    answer_held   boolean     NOT NULL,
    due_hour      timestamptz,
    refresh_night date,
    obstacle      text,
    code          integer,
    notes         bigint      NOT NULL
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

COMMENT ON TABLE worklist_count IS
    'How many notes the worklist has of a kind, as a sum: SELECT state, sum(notes) FROM worklist_count GROUP BY state. Each change of a row of worklist adds -1 for what the note was and +1 for what it is, by triggers; runs put these together now and then. It is never wrong, but for changes made with session_replication_role = replica: worklist_recount() puts that right.';
COMMENT ON COLUMN worklist_count.state IS 'worklist.state.';
COMMENT ON COLUMN worklist_count.answer_held IS 'worklist.answer_held.';
COMMENT ON COLUMN worklist_count.due_hour IS 'The beginning of the hour of worklist.due_at; NULL as that.';
COMMENT ON COLUMN worklist_count.refresh_night IS 'worklist.refresh_night of notes that are ARCHIVED or UNAVAILABLE; NULL: none is planned, or another state.';
COMMENT ON COLUMN worklist_count.obstacle IS 'worklist_obstacle() of notes that are POSTPONED or FAILED; NULL: another state.';
COMMENT ON COLUMN worklist_count.code IS 'worklist.last_code of notes that are POSTPONED or FAILED; NULL as that, or another state.';
COMMENT ON COLUMN worklist_count.notes IS 'To be added up. Negative: so many fewer.';

-- Notes are settled one by one, and claimed without becoming of another kind: a trigger a row, which a claim does not
-- reach, costs least. A statement that changes thousands says so (note_archive.counted = by statement, for its
-- transaction), and is counted once as a whole.
CREATE FUNCTION worklist_count_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO worklist_count (state, answer_held, due_hour, refresh_night, obstacle, code, notes)
    VALUES (OLD.state, OLD.answer_held, date_bin('1 hour', OLD.due_at, timestamptz 'epoch'),
            CASE WHEN OLD.state IN ('ARCHIVED', 'UNAVAILABLE') THEN OLD.refresh_night END,
            worklist_obstacle(OLD.state, OLD.last_code, OLD.last_error),
            CASE WHEN OLD.state IN ('POSTPONED', 'FAILED') THEN OLD.last_code END, -1),
           (NEW.state, NEW.answer_held, date_bin('1 hour', NEW.due_at, timestamptz 'epoch'),
            CASE WHEN NEW.state IN ('ARCHIVED', 'UNAVAILABLE') THEN NEW.refresh_night END,
            worklist_obstacle(NEW.state, NEW.last_code, NEW.last_error),
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
        INSERT INTO worklist_count (state, answer_held, due_hour, refresh_night, obstacle, code, notes)
        SELECT state, answer_held, date_bin('1 hour', due_at, timestamptz 'epoch'),
               CASE WHEN state IN ('ARCHIVED', 'UNAVAILABLE') THEN refresh_night END,
               worklist_obstacle(state, last_code, last_error),
               CASE WHEN state IN ('POSTPONED', 'FAILED') THEN last_code END, -count(*)
        FROM before_it GROUP BY 1, 2, 3, 4, 5, 6;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO worklist_count (state, answer_held, due_hour, refresh_night, obstacle, code, notes)
        SELECT state, answer_held, date_bin('1 hour', due_at, timestamptz 'epoch'),
               CASE WHEN state IN ('ARCHIVED', 'UNAVAILABLE') THEN refresh_night END,
               worklist_obstacle(state, last_code, last_error),
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
    DELETE FROM worklist_count;
    INSERT INTO worklist_count (state, answer_held, due_hour, refresh_night, obstacle, code, notes)
    SELECT w.state, w.answer_held, date_bin('1 hour', w.due_at, timestamptz 'epoch'),
           CASE WHEN w.state IN ('ARCHIVED', 'UNAVAILABLE') THEN w.refresh_night END,
           worklist_obstacle(w.state, w.last_code, w.last_error),
           CASE WHEN w.state IN ('POSTPONED', 'FAILED') THEN w.last_code END, count(*)
    FROM worklist w GROUP BY 1, 2, 3, 4, 5, 6;
END;

COMMENT ON FUNCTION worklist_recount() IS
    'Counts all notes of the worklist anew into worklist_count. Reads all of it; LOCK TABLE worklist IN SHARE MODE before, in the same transaction, or what others change meanwhile is lost.';

CREATE TRIGGER worklist_count_row AFTER UPDATE ON worklist FOR EACH ROW
    WHEN ((OLD.state <> NEW.state OR OLD.answer_held <> NEW.answer_held OR OLD.due_at IS DISTINCT FROM NEW.due_at
           OR OLD.refresh_night IS DISTINCT FROM NEW.refresh_night OR OLD.last_code IS DISTINCT FROM NEW.last_code
           OR OLD.last_error IS DISTINCT FROM NEW.last_error)
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

DO $$ BEGIN PERFORM worklist_recount(); END $$;

-- A dead row is left by each claim and each settlement, and dead entries in the index that claims read. Of a long list a
-- part is too many.
ALTER TABLE worklist SET (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_threshold = 5000,
                          autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

-- The same rule, at a tenth of the cost of a regular expression: of a million new notes that was a fifth of the time.
ALTER TABLE worklist DROP CONSTRAINT worklist_note_id_check;
ALTER TABLE worklist ADD CONSTRAINT worklist_note_id_check
    CHECK (length(note_id) = 24 AND encode(decode(note_id, 'hex'), 'hex') = note_id);

-- ---------------------------------------------------------------------------------------------------------------
-- Files
-- ---------------------------------------------------------------------------------------------------------------

-- Rows are added and never changed, as those of worklist_count.
CREATE TABLE media_object_count (
    counted_until timestamptz,
    files         bigint NOT NULL,
    bytes         bigint NOT NULL
);

COMMENT ON TABLE media_object_count IS
    'How many files there are and how many bytes, as sums, of all rows of media_object that were stored before max(counted_until); the newer ones are counted when somebody asks. When a row of that time is added, changed or removed, a trigger adds the difference.';
COMMENT ON COLUMN media_object_count.counted_until IS
    'Rows with a media_object.stored_at before it are counted. Hours ago: what was stored then is committed. NULL: a difference that came later.';
COMMENT ON COLUMN media_object_count.files IS 'So many rows; to be added up.';
COMMENT ON COLUMN media_object_count.bytes IS 'The sum of their size_bytes; to be added up.';

INSERT INTO media_object_count (counted_until, files, bytes)
SELECT now() - interval '6 hours', count(*), coalesce(sum(size_bytes), 0) FROM media_object
WHERE stored_at < now() - interval '6 hours';

CREATE FUNCTION media_object_count_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    counted   timestamptz;
    more      bigint := 0;
    more_size bigint := 0;
BEGIN
    -- nobody puts the time forward while this transaction lasts
    PERFORM pg_advisory_xact_lock_shared(hashtext('note-archive, media_object_count'), 0);
    SELECT max(c.counted_until) INTO counted FROM media_object_count c;
    IF TG_OP <> 'INSERT' AND OLD.stored_at < counted THEN
        more := more - 1;
        more_size := more_size - OLD.size_bytes;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.stored_at < counted THEN
        more := more + 1;
        more_size := more_size + NEW.size_bytes;
    END IF;
    IF more <> 0 OR more_size <> 0 THEN
        INSERT INTO media_object_count (files, bytes) VALUES (more, more_size);
    END IF;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION media_object_count_row() IS 'Keeps media_object_count when an old row of media_object is added, changed or removed.';

CREATE FUNCTION media_object_count_nothing() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM media_object_count;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION media_object_count_nothing() IS 'Keeps media_object_count when media_object is emptied.';

-- A file that is stored now is none of these: the condition is all that a run pays.
CREATE TRIGGER media_object_count_insert AFTER INSERT ON media_object FOR EACH ROW
    WHEN (NEW.stored_at < now() - interval '5 hours') EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_update AFTER UPDATE ON media_object FOR EACH ROW
    WHEN (OLD.stored_at <> NEW.stored_at OR OLD.size_bytes <> NEW.size_bytes) EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_delete AFTER DELETE ON media_object FOR EACH ROW EXECUTE FUNCTION media_object_count_row();
CREATE TRIGGER media_object_count_truncate AFTER TRUNCATE ON media_object
    FOR EACH STATEMENT EXECUTE FUNCTION media_object_count_nothing();

-- So that the newest rows are read from the index alone.
ALTER TABLE media_object SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);

-- What people ask an archive most, as views; and a search over title and text that knows words of one or two characters.

-- ---------------------------------------------------------------------------------------------------------------
-- Search. No part of it depends on the database's collation or on ICU; it wants the encoding UTF8.
-- ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_source(title text, note_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN left(coalesce(title, '') || E'\n' || coalesce(note_text, ''), 10000);

COMMENT ON FUNCTION search_source(text, text) IS
    'What is searched of a note: title and text, their first 10,000 characters. The app allows 1,000; a response may hold millions, which would take too long to index.';

CREATE FUNCTION search_text(input text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
    RETURN lower(translate(normalize(input, NFKC),
                           E'\u0085\u1680\u2028\u2029\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff', '    ') COLLATE "C");

COMMENT ON FUNCTION search_text(text) IS
    'A text as search compares it: NFKC (full-width forms become plain ones), ASCII letters in lower case, every space of Unicode a plain one, without what is invisible (soft hyphens, zero-width spaces and joiners, variation selectors). Other letters keep their case, traditional and simplified characters stay apart.';

CREATE FUNCTION search_grams(characters text[]) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    RETURN ARRAY(SELECT ascii(a)::bigint FROM unnest(characters) AS one (a) WHERE a > ' ' COLLATE "C")
        || ARRAY(SELECT (ascii(a)::bigint << 21) | ascii(b) FROM unnest(characters, characters[2:]) AS pair (a, b)
                 WHERE a > ' ' COLLATE "C" AND b > ' ' COLLATE "C");

COMMENT ON FUNCTION search_grams(text[]) IS
    'Every character but white space, and every two that stand side by side, as numbers: a code point, or the first of two shifted by 21 bits and the second. Repeated ones are repeated. An index of numbers takes a third less time to write than one of texts.';

CREATE FUNCTION search_grams(title text, note_text text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2000
    RETURN search_grams(string_to_array(search_text(search_source(title, note_text)), NULL));

COMMENT ON FUNCTION search_grams(text, text) IS 'What the index note_search knows of a note.';

CREATE FUNCTION search_words(query text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    words text[] := array_remove(regexp_split_to_array(search_text(query) COLLATE "C", '[\x01-\x20]+'), '');
BEGIN
    IF coalesce(cardinality(words), 0) = 0 THEN
        RAISE EXCEPTION 'the search text "%" holds no word', query
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one character or more; blanks separate words that must all be there.';
    END IF;
    RETURN words;
END
$$;

COMMENT ON FUNCTION search_words(text) IS 'The words of a search text, which blanks separate, as search compares them. Fails when there is none.';

CREATE FUNCTION search_wanted(query text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT gram
                 FROM unnest(search_words(query)) AS words (word),
                      unnest(search_grams(string_to_array(word, NULL))) AS grams (gram)
                 WHERE gram >= 1 << 21 OR char_length(word) = 1);

COMMENT ON FUNCTION search_wanted(text) IS
    'What the index must know of a note that holds every word: each pair of a word''s characters; of a word of one character, that.';

CREATE FUNCTION search_patterns(query text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%'
                 FROM unnest(search_words(query)) AS words (word));

COMMENT ON FUNCTION search_patterns(text) IS 'Patterns for LIKE, one a word of the search text.';

CREATE FUNCTION search_matches(title text, note_text text, query text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN search_grams(title, note_text) @> search_wanted(query)
       AND (lower(search_source(title, note_text) COLLATE "C") LIKE ALL (search_patterns(query))
            OR search_text(search_source(title, note_text)) COLLATE "C" LIKE ALL (search_patterns(query)));

COMMENT ON FUNCTION search_matches(text, text, text) IS
    'Whether title and text together hold every word of the search text. SELECT ... FROM note WHERE search_matches(title, note_text, ''露营'') uses the index note_search and finds all of them, in no order. The planner puts the function''s body into such a query; the cheap comparison spares most notes the dear one.';

-- search.
-- A new note brings some 400 keys into the index of search. One by one they cost its writer more than all else that is
-- written of it, and several times the WAL of the rest. In the index's own list of what is to be merged they cost little;
-- each time that list is longer than this, in kB, one note waits until it is merged, the others go on. Searches read the
-- list, too, which in this size cannot be measured (src/docs/benchmarks/questions.md).
CREATE INDEX note_search ON note USING gin (search_grams(title, note_text))
    WITH (fastupdate = on, gin_pending_list_limit = 4096);
-- The planner is to take it always; and to compute the pairs of every sample would make ANALYZE slow.
ALTER INDEX note_search ALTER COLUMN 1 SET STATISTICS 0;
-- search: the newest first.
CREATE INDEX note_published ON note (published_at DESC NULLS LAST, note_id DESC);
-- Filters by author and topic, and suggestions for the beginning of a name, in either case of ASCII letters. Names may
-- have any length, entries of an index may not.
CREATE INDEX author_nickname ON author (left(lower(nickname COLLATE "C"), 100));
CREATE INDEX author_red_id ON author (left(red_id, 100));
CREATE INDEX note_capture_nickname ON note_capture (left(lower(author_nickname COLLATE "C"), 100), author_id)
    WHERE author_nickname IS NOT NULL;
CREATE INDEX note_topic_lower_name ON note_topic (lower(name COLLATE "C"));
-- Filters such as likes:>10000 and has:video.
CREATE INDEX note_liked ON note (liked_count);
CREATE INDEX note_media_kind ON note_media (kind, note_id) WHERE state = 'STORED' AND kind <> 'IMAGE';

CREATE FUNCTION search_note(query text, max_rows integer DEFAULT 20) RETURNS SETOF note
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 COST 10000
    SET search_path FROM CURRENT
AS $$
DECLARE
    patterns text[] := search_patterns(query);
    wanted bigint[] := search_wanted(query);
    found text[];
BEGIN
    IF max_rows < 1 THEN
        RAISE EXCEPTION 'max_rows is %, but must be 1 or more, or NULL for all', max_rows
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- A frequent word is among the newest notes often enough. The index would name every note that holds it, and each
    -- would be read before the newest of them are known.
    IF max_rows IS NOT NULL THEN
        found := ARRAY(
            SELECT n.note_id
            FROM (SELECT note_id, title, note_text, published_at
                  FROM note
                  ORDER BY published_at DESC NULLS LAST, note_id DESC
                  LIMIT least(50::bigint * max_rows, 5000)) AS n
            WHERE search_text(search_source(n.title, n.note_text)) COLLATE "C" LIKE ALL (patterns)
            LIMIT max_rows);
    END IF;

    IF cardinality(found) = max_rows THEN
        RETURN QUERY
            SELECT n.*
            FROM unnest(found) AS ids (note_id) JOIN note n USING (note_id)
            ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC;
    ELSE
        RETURN QUERY
            WITH hit AS MATERIALIZED (
                SELECT n.note_id, n.published_at
                FROM note n
                WHERE search_grams(n.title, n.note_text) @> wanted
                  AND (lower(search_source(n.title, n.note_text) COLLATE "C") LIKE ALL (patterns)
                       OR search_text(search_source(n.title, n.note_text)) COLLATE "C" LIKE ALL (patterns))),
            first AS MATERIALIZED (
                SELECT hit.note_id FROM hit ORDER BY hit.published_at DESC NULLS LAST, hit.note_id DESC LIMIT max_rows)
            SELECT n.*
            FROM first JOIN note n USING (note_id)
            ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC;
    END IF;
END
$$;

COMMENT ON FUNCTION search_note(text, integer) IS
    'The notes that hold every word of the search text in title or text, the newest first; max_rows of them at most (20; NULL: all). Words of any length, one character included.';

-- ---------------------------------------------------------------------------------------------------------------
-- Runs
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW run_history AS
SELECT e.job_execution_id,
       e.job_instance_id,
       coalesce((SELECT s.night FROM run_summary s WHERE s.job_execution_id = e.job_execution_id),
                (e.start_time AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::date) AS night,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'node') AS node,
       e.start_time AS started_at,
       e.end_time AS ended_at,
       e.status,
       e.exit_code,
       nullif(e.exit_message, '') AS exit_message,
       (SELECT sum(s.write_count) FROM batch_step_execution s
        WHERE s.job_execution_id = e.job_execution_id AND s.step_name LIKE 'archiveNotes:w%')::bigint AS notes,
       bill.calls,
       bill.billed,
       bill.maybe_billed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'POSTPONED' AND w.settled_by = e.job_execution_id) AS left_postponed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'FAILED' AND w.settled_by = e.job_execution_id) AS left_failed,
       CASE WHEN e.job_execution_id = (SELECT max(o.job_execution_id)
                                       FROM batch_job_execution o JOIN batch_job_instance oi USING (job_instance_id)
                                       WHERE oi.job_name = 'archiveNotes')
            THEN (SELECT count(*) FROM worklist w WHERE w.due_at <= now())
       END AS due_now,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'night')::date AS instance_night
FROM batch_job_execution e
JOIN batch_job_instance i USING (job_instance_id)
LEFT JOIN LATERAL (
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE c.billed = 'YES') AS billed,
           count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS maybe_billed
    FROM api_call c
    WHERE c.job_execution_id = e.job_execution_id) AS bill ON true -- is not executed for queries without these columns
WHERE i.job_name = 'archiveNotes';

COMMENT ON VIEW run_history IS
    'How did the last runs end, what did they ask, what is billed, and what is left? One row an execution of archiveNotes; a restart of the same night has the same job_instance_id. Query with ORDER BY job_execution_id DESC LIMIT 10.';
COMMENT ON COLUMN run_history.job_execution_id IS 'The run: batch_job_execution.job_execution_id.';
COMMENT ON COLUMN run_history.job_instance_id IS
    'The night''s work, which several runs may share: batch_job_instance.job_instance_id.';
COMMENT ON COLUMN run_history.night IS
    'The calendar day of Asia/Shanghai in which the run began, as in run_summary, the report and the log. Of a run without a row in run_summary it is the day of started_at, which is in UTC.';
COMMENT ON COLUMN run_history.node IS 'Which machine: archive.node.';
COMMENT ON COLUMN run_history.started_at IS
    'In UTC, without a time zone, as Spring Batch writes it; run_summary.began_at is a timestamptz.';
COMMENT ON COLUMN run_history.ended_at IS
    'In UTC, without a time zone; run_summary.ended_at is a timestamptz. NULL: it runs, or it was killed and no later run has noticed.';
COMMENT ON COLUMN run_history.status IS
    'COMPLETED, STOPPED, FAILED, or while it runs STARTED: Spring Batch''s BatchStatus.';
COMMENT ON COLUMN run_history.exit_code IS
    'COMPLETED, INCOMPLETE, QUOTA_EXHAUSTED ...: the README has them all, with the exit code of the process.';
COMMENT ON COLUMN run_history.exit_message IS 'Why it ended so, for a person to read. NULL: nothing to say.';
COMMENT ON COLUMN run_history.notes IS 'Number of times that a worker settled a note, or released it unchanged.';
COMMENT ON COLUMN run_history.calls IS 'Requests to the provider, of either endpoint.';
COMMENT ON COLUMN run_history.billed IS 'Of the calls, those that are charged.';
COMMENT ON COLUMN run_history.maybe_billed IS 'Of the calls, those with billing unknown: no readable response was received.';
COMMENT ON COLUMN run_history.left_postponed IS 'Notes that this run postponed and that were not settled since.';
COMMENT ON COLUMN run_history.left_failed IS 'Notes that failed permanently in this run and were not settled since.';
COMMENT ON COLUMN run_history.due_now IS
    'In the row of the newest run only: notes that a run would claim now, of all earlier runs. NULL in all other rows.';
COMMENT ON COLUMN run_history.instance_night IS
    'The calendar day of Asia/Shanghai in which the job instance was created: the job parameter night. Earlier than night where a run continues the instance of an earlier night.';

CREATE VIEW quota_stop AS
SELECT g.id,
       (g.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS night,
       g.code,
       g.reason,
       g.job_execution_id,
       g.closed_at,
       g.closed_until,
       bought.billed AS billed_before,
       lifted.sent_at AS lifted_at,
       g.closed_until > now() AS is_closed
FROM source_gate g
CROSS JOIN LATERAL (
    SELECT count(*) AS billed
    FROM api_call c
    WHERE c.sent_at >= date_trunc('day', g.closed_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'
      AND c.sent_at < g.closed_at
      AND c.billed = 'YES') AS bought
LEFT JOIN LATERAL (
    SELECT c.sent_at
    FROM api_call c
    WHERE c.sent_at > g.closed_at AND c.code = 0
    ORDER BY c.sent_at
    LIMIT 1) AS lifted ON true;

COMMENT ON VIEW quota_stop IS
    'When did the provider end a night with code 303, after how many responses, and when did it deliver again? One row for each time the gate closed; our own nightly limit closes none, see run_history.exit_message.';
COMMENT ON COLUMN quota_stop.id IS 'source_gate.id: numbered in the order of closing.';
COMMENT ON COLUMN quota_stop.night IS 'The calendar day of Asia/Shanghai, by which the provider counts.';
COMMENT ON COLUMN quota_stop.code IS 'The provider''s code that closed it: 303.';
COMMENT ON COLUMN quota_stop.reason IS 'What was used up, for a person to read.';
COMMENT ON COLUMN quota_stop.job_execution_id IS 'The run that met it: run_history.job_execution_id.';
COMMENT ON COLUMN quota_stop.closed_at IS 'When the code was met.';
COMMENT ON COLUMN quota_stop.closed_until IS
    'The next 00:00 of Asia/Shanghai: before it no run makes a call, except with --force.';
COMMENT ON COLUMN quota_stop.billed_before IS
    'Charged calls of that day until then, of either endpoint and all nodes: what the quota was worth.';
COMMENT ON COLUMN quota_stop.lifted_at IS
    'The first later call with code 0: the provider delivers again. Before closed_until only after run --force. NULL: no successful call since.';
COMMENT ON COLUMN quota_stop.is_closed IS 'Whether runs stop at it now, by the database''s clock.';

CREATE VIEW retry_history AS
SELECT r.note_id,
       r.retries,
       r.nights,
       r.first_at,
       r.last_at,
       (SELECT c.received_at FROM api_call c
        WHERE c.note_id = r.note_id AND c.sent_at > r.last_at AND c.code = 0 AND c.endpoint = r.endpoint
        ORDER BY c.id LIMIT 1) AS answered_at,
       r.endpoint,
       (SELECT w.state FROM worklist w WHERE w.note_id = r.note_id) AS state,
       (SELECT w.due_at FROM worklist w WHERE w.note_id = r.note_id) AS due_at,
       (SELECT w.reason FROM worklist w WHERE w.note_id = r.note_id) AS reason,
       (SELECT w.detail FROM worklist w WHERE w.note_id = r.note_id) AS detail
FROM (SELECT c.note_id,
             c.endpoint,
             count(*) AS retries,
             count(DISTINCT (c.sent_at AT TIME ZONE 'Asia/Shanghai')::date) AS nights,
             min(c.sent_at) AS first_at,
             max(c.sent_at) AS last_at
      FROM api_call c
      WHERE c.code = 301
      GROUP BY c.note_id, c.endpoint) AS r;

COMMENT ON VIEW retry_history IS
    'Which notes did the provider fail to collect (code 301), how often, and did it succeed in the end? One row a note and endpoint. Query with ORDER BY retries DESC LIMIT 20, or for one note_id.';
COMMENT ON COLUMN retry_history.note_id IS 'The note.';
COMMENT ON COLUMN retry_history.retries IS
    'Total of calls with code 301; unlike worklist.attempts, requeue does not reset it.';
COMMENT ON COLUMN retry_history.nights IS 'Calendar days of Asia/Shanghai in which that happened.';
COMMENT ON COLUMN retry_history.first_at IS 'When the first of them was sent.';
COMMENT ON COLUMN retry_history.last_at IS 'When the last of them was sent.';
COMMENT ON COLUMN retry_history.answered_at IS
    'When the first response with code 0 after the last of them was received. NULL: not yet.';
COMMENT ON COLUMN retry_history.endpoint IS 'note-detail/v1: the note. note-detail/v6: its video.';
COMMENT ON COLUMN retry_history.state IS 'How far the note is now: worklist.state.';
COMMENT ON COLUMN retry_history.due_at IS 'When a run may take it up (again). NULL: never by itself.';
COMMENT ON COLUMN retry_history.reason IS 'Why it is in this state: worklist.reason. NULL: no reason.';
COMMENT ON COLUMN retry_history.detail IS 'Details of the reason: worklist.detail. NULL: none.';

CREATE VIEW backlog AS
SELECT b.state,
       (ARRAY['under 1 day', '1 to 7 days', '7 to 30 days', '30 to 90 days', '90 days and more'])[b.age + 1] AS age,
       (ARRAY[0, 1, 7, 30, 90])[b.age + 1] AS from_days,
       b.notes,
       b.due_now,
       b.in_work,
       b.tried,
       b.oldest_enqueued_at,
       b.next_due_at
FROM (SELECT o.state,
             o.age,
             count(*) AS notes,
             count(*) FILTER (WHERE o.due_at <= now()) AS due_now,
             count(*) FILTER (WHERE o.claimed_until >= now()) AS in_work,
             count(*) FILTER (WHERE o.is_tried) AS tried,
             min(o.enqueued_at) AS oldest_enqueued_at,
             min(o.due_at) AS next_due_at
      FROM (SELECT w.state,
                   width_bucket(extract(epoch FROM now() - w.enqueued_at)::double precision / 86400,
                                ARRAY[1, 7, 30, 90]::double precision[]) AS age,
                   w.enqueued_at,
                   w.due_at,
                   w.claimed_until,
                   w.attempts > 0 OR w.media_attempts > 0 AS is_tried
            FROM worklist w
            WHERE w.state IN ('PENDING', 'POSTPONED', 'FAILED')
            OFFSET 0 -- else the planner expects as many groups as there are times, and sorts all rows
           ) AS o
      GROUP BY o.state, o.age) AS b;

COMMENT ON VIEW backlog IS
    'How many notes are not archived yet, by state and by how long they have been on the list? Query with ORDER BY state, from_days.';
COMMENT ON COLUMN backlog.state IS
    'PENDING: not requested yet. POSTPONED: requested, and retried when due. FAILED: failed permanently, until requeue.';
COMMENT ON COLUMN backlog.age IS 'How long ago the notes were enqueued.';
COMMENT ON COLUMN backlog.from_days IS 'The lower end of age, in days.';
COMMENT ON COLUMN backlog.notes IS 'Notes in this state and of this age.';
COMMENT ON COLUMN backlog.due_now IS 'Of the notes, those that a run would take up now.';
COMMENT ON COLUMN backlog.in_work IS 'Of the notes, those that a node is working on.';
COMMENT ON COLUMN backlog.tried IS 'Of the notes, those postponed at least once since they were enqueued or requeued.';
COMMENT ON COLUMN backlog.oldest_enqueued_at IS 'When the first of them was enqueued.';
COMMENT ON COLUMN backlog.next_due_at IS 'The earliest time at which one of them is due. NULL: never by itself.';

-- ---------------------------------------------------------------------------------------------------------------
-- Notes
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW note_file AS
SELECT n.note_id,
       n.title,
       'https://www.xiaohongshu.com/explore/' || n.note_id AS note_url,
       m.kind,
       m.ordinal,
       m.state,
       m.reason,
       o.object_key,
       o.content_type,
       o.size_bytes,
       m.width,
       m.height,
       m.rendition,
       m.sha256,
       o.verified_at
FROM note n
JOIN note_media m USING (note_id)
LEFT JOIN media_object o USING (sha256);

COMMENT ON VIEW note_file IS
    'Which files belong to a note, and where do they lie? One row a slot. Query with WHERE note_id = ... ORDER BY kind, ordinal.';
COMMENT ON COLUMN note_file.note_id IS 'The note.';
COMMENT ON COLUMN note_file.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_file.note_url IS 'Where the note is, or was. The platform may want to see a share token, too.';
COMMENT ON COLUMN note_file.kind IS 'IMAGE, MOTION, AUDIO, VIDEO, SUBTITLE or PREVIEW: see note_media.kind.';
COMMENT ON COLUMN note_file.ordinal IS 'From 0, in the order of the response.';
COMMENT ON COLUMN note_file.state IS 'STORED, MISSING or WAIVED: see note_media.state.';
COMMENT ON COLUMN note_file.reason IS
    'Why it is not there, or not as it should be: see note_media.reason. NULL: all is well.';
COMMENT ON COLUMN note_file.object_key IS 'Key within the bucket. NULL: not stored, for the reason in the column reason.';
COMMENT ON COLUMN note_file.content_type IS 'From the first bytes of the file.';
COMMENT ON COLUMN note_file.size_bytes IS 'Length of the file in bytes. NULL: not stored.';
COMMENT ON COLUMN note_file.width IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_file.height IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_file.rendition IS 'The offered URL that was used, by its name in the response.';
COMMENT ON COLUMN note_file.sha256 IS 'Of the file, in lower-case hex. NULL: not stored.';
COMMENT ON COLUMN note_file.verified_at IS
    'When the store last showed that it holds these bytes. NULL: never, or not stored.';

-- ---------------------------------------------------------------------------------------------------------------
-- History
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW engagement_history AS
SELECT c.note_id,
       c.captured_at,
       a.endpoint,
       c.liked_count,
       c.collected_count,
       c.comments_count,
       c.shared_count
FROM note_capture c
JOIN api_call a ON a.id = c.call_id;

COMMENT ON VIEW engagement_history IS
    'How did a note develop over time? One row for each paid response, with the counts at that time. NULL: absent in the response. Query with WHERE note_id = ... ORDER BY captured_at.';
COMMENT ON COLUMN engagement_history.note_id IS 'The note.';
COMMENT ON COLUMN engagement_history.captured_at IS 'When the response was received.';
COMMENT ON COLUMN engagement_history.endpoint IS
    'note-detail/v1: the response about the note. note-detail/v6: the response about its video, which has counts, too.';
COMMENT ON COLUMN engagement_history.liked_count IS 'Likes then. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.collected_count IS
    'Times it was put into a collection, then. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.comments_count IS
    'Comments then, replies included. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.shared_count IS 'Times it was shared, then. NULL: absent in the response.';

CREATE VIEW engagement_growth AS
SELECT c.note_id,
       p.captured_at AS captured_before,
       c.captured_at,
       round(t.days::numeric, 2) AS days,
       c.liked_count - p.liked_count AS liked_growth,
       c.collected_count - p.collected_count AS collected_growth,
       c.comments_count - p.comments_count AS comments_growth,
       c.shared_count - p.shared_count AS shared_growth,
       round(((c.liked_count - p.liked_count) / t.days)::numeric, 1) AS liked_per_day,
       round(((c.collected_count - p.collected_count) / t.days)::numeric, 1) AS collected_per_day,
       round(((c.comments_count - p.comments_count) / t.days)::numeric, 1) AS comments_per_day,
       round(((c.shared_count - p.shared_count) / t.days)::numeric, 1) AS shared_per_day
FROM note_capture c
CROSS JOIN LATERAL (
    SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
    FROM note_capture b
    WHERE b.note_id = c.note_id AND b.captured_at < c.captured_at AND b.liked_count IS NOT NULL
    ORDER BY b.captured_at DESC
    LIMIT 1) AS p
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM c.captured_at - p.captured_at)::double precision / 86400 AS days) AS t
WHERE c.liked_count IS NOT NULL AND p.captured_at <= c.captured_at - interval '1 hour';

COMMENT ON VIEW engagement_growth IS
    'How fast did a note grow between two captures? One row a capture and the one before it. Captures within an hour of an earlier one, as those of the video are, make no row: a rate over minutes is meaningless.';
COMMENT ON COLUMN engagement_growth.note_id IS 'The note.';
COMMENT ON COLUMN engagement_growth.captured_before IS 'The earlier capture.';
COMMENT ON COLUMN engagement_growth.captured_at IS 'The later capture.';
COMMENT ON COLUMN engagement_growth.days IS 'Days between the two.';
COMMENT ON COLUMN engagement_growth.liked_growth IS
    'Likes gained; negative: lost. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.collected_growth IS 'Collections gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.comments_growth IS 'Comments gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.shared_growth IS 'Shares gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.liked_per_day IS 'The same for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.collected_per_day IS 'Collections gained for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.comments_per_day IS 'Comments gained for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.shared_per_day IS 'Shares gained for each day of 24 hours between the two.';

CREATE VIEW note_growth_week AS
SELECT g.note_id,
       (SELECT n.title FROM note n WHERE n.note_id = g.note_id) AS title,
       (SELECT a.nickname FROM note n JOIN author a USING (author_id) WHERE n.note_id = g.note_id) AS author,
       g.captured_before,
       g.captured_at,
       round(g.days::numeric, 2) AS days,
       g.liked_count,
       g.liked_growth,
       g.collected_growth,
       g.comments_growth,
       g.shared_growth,
       round((g.liked_growth / g.days)::numeric, 1) AS liked_per_day,
       round(((g.liked_growth + coalesce(g.collected_growth, 0) + coalesce(g.comments_growth, 0)
               + coalesce(g.shared_growth, 0)) / g.days)::numeric, 1) AS engagement_per_day
FROM (SELECT c.note_id,
             p.captured_at AS captured_before,
             c.captured_at,
             extract(epoch FROM c.captured_at - p.captured_at)::double precision / 86400 AS days,
             c.liked_count,
             c.liked_count - p.liked_count AS liked_growth,
             c.collected_count - p.collected_count AS collected_growth,
             c.comments_count - p.comments_count AS comments_growth,
             c.shared_count - p.shared_count AS shared_growth
      FROM (SELECT DISTINCT ON (n.note_id) n.note_id, n.captured_at, n.liked_count, n.collected_count, n.comments_count,
                   n.shared_count, count(*) OVER (PARTITION BY n.note_id) AS captures
            FROM note_capture n
            WHERE n.captured_at > now() - interval '7 days' AND n.liked_count IS NOT NULL
            ORDER BY n.note_id, n.captured_at DESC) AS c
      CROSS JOIN LATERAL (
          (SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
           FROM note_capture b
           WHERE b.note_id = c.note_id AND b.captured_at <= now() - interval '7 days'
             AND b.captured_at <= c.captured_at - interval '1 hour' AND b.liked_count IS NOT NULL
           ORDER BY b.captured_at DESC
           LIMIT 1)
          UNION ALL
          (SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
           FROM note_capture b
           WHERE c.captures > 1 -- else there is none, and most notes need not be looked for
             AND b.note_id = c.note_id AND b.captured_at <= c.captured_at - interval '1 hour' AND b.liked_count IS NOT NULL
           ORDER BY b.captured_at
           LIMIT 1)
          LIMIT 1) AS p) AS g;

COMMENT ON VIEW note_growth_week IS
    'Which notes grew most in the last seven days? One row a note captured in that time and at least an hour before: its last capture against the last one before those days, else against its first. Query with ORDER BY liked_per_day DESC LIMIT 20.';
COMMENT ON COLUMN note_growth_week.note_id IS 'The note.';
COMMENT ON COLUMN note_growth_week.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_growth_week.author IS 'The author''s name, as last captured.';
COMMENT ON COLUMN note_growth_week.captured_before IS
    'The earlier capture; long ago, where a note is rarely captured: compare by day.';
COMMENT ON COLUMN note_growth_week.captured_at IS 'The later capture.';
COMMENT ON COLUMN note_growth_week.days IS 'Days between the two.';
COMMENT ON COLUMN note_growth_week.liked_count IS 'Likes at the later capture.';
COMMENT ON COLUMN note_growth_week.liked_growth IS 'Likes gained between the two; negative: lost.';
COMMENT ON COLUMN note_growth_week.collected_growth IS
    'Collections gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.comments_growth IS
    'Comments gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.shared_growth IS
    'Shares gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.liked_per_day IS 'Likes gained for each day of 24 hours between the two.';
COMMENT ON COLUMN note_growth_week.engagement_per_day IS
    'The same of likes, collections, comments and shares together.';

CREATE VIEW note_edit AS
SELECT c.note_id,
       v.field,
       v.before,
       v.after,
       p.captured_at AS captured_before,
       c.captured_at,
       c.author_id
FROM note_capture c
CROSS JOIN LATERAL (
    SELECT b.captured_at, b.title, b.note_text, b.author_id, b.author_nickname, b.mapper_version
    FROM note_capture b
    WHERE b.note_id = c.note_id AND b.captured_at < c.captured_at AND b.mapper_version IS NOT NULL
    ORDER BY b.captured_at DESC
    LIMIT 1) AS p
CROSS JOIN LATERAL (VALUES ('title', p.title, c.title),
                           ('text', p.note_text, c.note_text),
                           ('author', p.author_nickname, c.author_nickname)) AS v (field, before, after)
WHERE c.mapper_version IS NOT NULL
  AND p.mapper_version = c.mapper_version
  AND (p.title, p.note_text, p.author_nickname) IS DISTINCT FROM (c.title, c.note_text, c.author_nickname)
  AND v.before IS DISTINCT FROM v.after
  AND (v.field <> 'author' OR p.author_id = c.author_id);

COMMENT ON VIEW note_edit IS
    'What was changed after the first capture: title, text, or the author''s name? One row a change, between a capture and the one before it. Only responses read by the same version of the mapper are compared: after an update, remap first. Query with ORDER BY captured_at DESC LIMIT 20.';
COMMENT ON COLUMN note_edit.note_id IS 'The note.';
COMMENT ON COLUMN note_edit.field IS 'title, text, or author: the author''s name, changed by the same author.';
COMMENT ON COLUMN note_edit.before IS 'NULL: there was none.';
COMMENT ON COLUMN note_edit.after IS 'NULL: there is none.';
COMMENT ON COLUMN note_edit.captured_before IS 'When it was last seen as before.';
COMMENT ON COLUMN note_edit.captured_at IS
    'When it was first seen as after; note.edited_at is the platform''s time of the last edit.';
COMMENT ON COLUMN note_edit.author_id IS 'Who wrote it, by the later capture.';

CREATE VIEW note_gone AS
SELECT w.note_id,
       (SELECT n.title FROM note n WHERE n.note_id = w.note_id) AS title,
       (SELECT a.nickname FROM note n JOIN author a USING (author_id) WHERE n.note_id = w.note_id) AS author,
       (SELECT n.published_at FROM note n WHERE n.note_id = w.note_id) AS published_at,
       s.captured_at AS last_seen_at,
       e.missing_since,
       e.last_missing_at,
       e.nights,
       e.codes,
       (SELECT r.due_at FROM worklist r WHERE r.note_id = w.note_id) AS recheck_at
FROM worklist w
CROSS JOIN LATERAL (
    SELECT c.captured_at
    FROM note_capture c
    WHERE c.note_id = w.note_id
    ORDER BY c.captured_at DESC
    LIMIT 1) AS s
CROSS JOIN LATERAL (
    SELECT min(c.received_at) AS missing_since,
           max(c.received_at) AS last_missing_at,
           count(DISTINCT (c.received_at AT TIME ZONE 'Asia/Shanghai')::date) AS nights,
           array_agg(DISTINCT c.code ORDER BY c.code) AS codes
    FROM api_call c
    WHERE c.note_id = w.note_id AND c.endpoint = 'note-detail/v1' AND c.received_at > s.captured_at
      AND c.code IN (0, 201, 202, 404)) AS e
WHERE w.state = 'UNAVAILABLE' AND e.nights >= 2;

COMMENT ON VIEW note_gone IS
    'Which notes were available once and are no longer? One row for each note that is UNAVAILABLE, was captured before, and was missing in responses of two nights or more since: one bad night makes no row. Query with ORDER BY last_seen_at DESC LIMIT 20.';
COMMENT ON COLUMN note_gone.note_id IS 'The note.';
COMMENT ON COLUMN note_gone.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_gone.author IS 'The author''s name, as last captured.';
COMMENT ON COLUMN note_gone.published_at IS 'When it was published.';
COMMENT ON COLUMN note_gone.last_seen_at IS 'The last response that contained it.';
COMMENT ON COLUMN note_gone.missing_since IS 'The first later response that did not.';
COMMENT ON COLUMN note_gone.last_missing_at IS 'The last response that did not contain it.';
COMMENT ON COLUMN note_gone.nights IS 'Calendar days of Asia/Shanghai whose responses did not contain it.';
COMMENT ON COLUMN note_gone.codes IS 'The provider''s codes in them: 0 is a success without the note.';
COMMENT ON COLUMN note_gone.recheck_at IS 'When a run looks once more: worklist.due_at.';

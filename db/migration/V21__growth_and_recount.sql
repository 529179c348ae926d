-- A rate over seconds is no growth, on whichever side of the week's beginning the two answers lie; counting anew goes together
-- with putting counts together; and notes are planned bit by bit.

CREATE OR REPLACE VIEW note_growth_week AS
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
    'Which notes grew most in the last seven days? One row a note captured in that time and at least an hour before: its last capture against the last one before those days, else against its first. Ask with ORDER BY liked_per_day DESC LIMIT 20.';

CREATE OR REPLACE FUNCTION worklist_recount() RETURNS void
    LANGUAGE sql
BEGIN ATOMIC
    -- whoever puts counts together does so before or after, or what they add stays beside what is counted here
    SELECT pg_advisory_xact_lock(hashtext('note-archive, worklist_count'), 0);
    DELETE FROM worklist_count;
    INSERT INTO worklist_count (state, answer_held, due_hour, refresh_night, obstacle, code, notes)
    SELECT w.state, w.answer_held, date_bin('1 hour', w.due_at, timestamptz 'epoch'),
           CASE WHEN w.state IN ('ARCHIVED', 'UNAVAILABLE') THEN w.refresh_night END,
           worklist_obstacle(w.state, w.last_code, w.last_error),
           CASE WHEN w.state IN ('POSTPONED', 'FAILED') THEN w.last_code END, count(*)
    FROM worklist w GROUP BY 1, 2, 3, 4, 5, 6;
END;

COMMENT ON COLUMN refresh_policy.policy IS
    'ages and gaps of archive.refresh, in days; off where it is not enabled. With "unfinished: " before them not all notes are planned by them: somebody is about it, or broke off, and the next run plans anew.';

-- Archive of QuestionsBench: two hundred nights of a fixed quota; half of the notes captured twice, a fifth three times,
-- with a month between; each twentieth postponed by code 301 before, each thirty-third gone afterwards; a fifth as many
-- again pending. :notes is the number of notes.
SET synchronous_commit = off;
SET work_mem = '128MB';
SET maintenance_work_mem = '256MB';
SET session_replication_role = replica;
SELECT setseed(0.42);
TRUNCATE batch_job_instance CASCADE;
DROP INDEX note_search;

CREATE UNLOGGED TABLE bench_word AS
SELECT r, CASE WHEN r <= 60 THEN 1 WHEN r % 20 < 2 THEN 1 WHEN r % 20 < 15 THEN 2 WHEN r % 20 < 18 THEN 3 ELSE 4 END AS length,
       (SELECT string_agg(chr(19968 + (7919 * floor(exp(random() * ln(3500)))::integer) % 20000), '')
        FROM generate_series(1, 4 + 0 * r)) AS word
FROM generate_series(1, 50000) AS ranks (r);
-- in the form of note.search, which search_text would take an hour to make of the texts
UPDATE bench_word SET word = search_text(CASE WHEN r <= 60 THEN chr(19968 + (7919 * r) % 20000) ELSE left(word, length) END);
CREATE UNIQUE INDEX ON bench_word (r);
ANALYZE bench_word;

CREATE UNLOGGED TABLE bench_sentence AS
SELECT s.id, string_agg(w.word, '') || (ARRAY['，', '。', '！', ' ', '，', '😀', E'\n'])[1 + s.id % 7] AS sentence
FROM (SELECT g / 11 AS id, floor(exp(random() * ln(50000)))::integer AS r FROM generate_series(0, 300000 * 11 - 1) AS g) AS s
JOIN bench_word w USING (r)
GROUP BY s.id;
CREATE UNIQUE INDEX ON bench_sentence (id);
ANALYZE bench_sentence;

CREATE UNLOGGED TABLE bench_note AS
SELECT i, lpad(to_hex(extract(epoch FROM published_at)::bigint), 8, '0') || lpad(to_hex(i), 16, '0') AS note_id,
       published_at, first_at, 1 + (i % 10 < 5)::integer + (i % 10 < 2)::integer AS captures
FROM (SELECT i, now() - interval '200 days' + i * interval '200 days' / :notes AS first_at,
             now() - interval '200 days' + i * interval '200 days' / :notes
             - random() ^ 3 * interval '900 days' AS published_at
      FROM generate_series(1, :notes) AS i) AS s;
INSERT INTO author (author_id, red_id, nickname, updated_at)
SELECT 'a' || i, i::text, '作者' || i, now() FROM generate_series(1, :notes / 20 + 1) AS i;
INSERT INTO note (note_id, note_type, title, note_text, search, author_id, published_at, place, language, liked_count,
                  collected_count, comments_count, shared_count, view_count, first_captured_at, last_captured_at,
                  archived_at)
SELECT b.note_id, 'normal', left(t.text, 15), t.text,
       lower(normalize(left(t.text, 15) || E'\n作者' || (1 + b.i % (:notes / 20)) || E'\n' || t.text, NFKC)),
       'a' || (1 + b.i % (:notes / 20)), b.published_at, '上海', 'zh',
       (1000 * random() ^ 4)::integer, (500 * random() ^ 4)::integer, 3, 2, 0, b.first_at,
       b.first_at + (SELECT count(*) - 1 FROM generate_series(1, b.captures) AS k
                     WHERE b.first_at + (k - 1) * interval '30 days' <= now()) * interval '30 days',
       b.first_at
FROM bench_note b
CROSS JOIN LATERAL (SELECT string_agg(s.sentence, '') AS text
                    FROM generate_series(1, 10) AS g
                    JOIN bench_sentence s ON s.id = abs(hashint8extended(b.i * 16 + g, 42)) % 300000) AS t
ORDER BY b.i;
INSERT INTO note_topic (note_id, ordinal, topic_id, name, topic_type)
SELECT note_id, o, 't' || (i % 997), '话题' || (i * (1 + o) % 997), 'topic' FROM bench_note, generate_series(0, 1) AS o;
INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
SELECT encode(sha256((note_id || o)::bytea), 'hex'), 'media/' || note_id || o || '.heic', 200000, 'image/heic', first_at, first_at
FROM bench_note, generate_series(0, 1) AS o;
INSERT INTO note_media (note_id, kind, ordinal, identity, state, rendition, width, height, sha256, captured_at, updated_at)
SELECT note_id, 'IMAGE', o, note_id || o, 'STORED', 'original', 1080, 1440, encode(sha256((note_id || o)::bytea), 'hex'),
       first_at, first_at
FROM bench_note, generate_series(0, 1) AS o;
INSERT INTO note_media (note_id, kind, ordinal, identity, state, width, height, sha256, captured_at, updated_at)
SELECT note_id, 'VIDEO', 0, note_id || 'v', 'STORED', 1080, 1920, encode(sha256((note_id || 0)::bytea), 'hex'), first_at, first_at
FROM bench_note WHERE i % 200 = 0;

CREATE UNLOGGED TABLE bench_call AS
SELECT note_id, i, at, code, k
FROM (SELECT note_id, i, first_at + (k - 1) * interval '30 days' AS at, 0 AS code, k
      FROM bench_note, generate_series(1, captures) AS k
      UNION ALL
      SELECT note_id, i, first_at - k * interval '10 seconds', 301, NULL
      FROM bench_note, generate_series(1, 3) AS k WHERE i % 20 = 0
      UNION ALL
      SELECT note_id, i, first_at + captures * interval '30 days' + k * interval '15 days', 201, NULL
      FROM bench_note, generate_series(0, 1) AS k WHERE i % 33 = 0) AS c
WHERE at <= now();
INSERT INTO api_call (id, note_id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, request_id,
                      job_execution_id)
OVERRIDING SYSTEM VALUE
SELECT row_number() OVER (ORDER BY at, note_id), note_id, 'note-detail/v1', at - interval '1 second', at, 1000, 200, code,
       CASE code WHEN 301 THEN 'NO' ELSE 'YES' END, md5(note_id),
       1 + floor(extract(epoch FROM at - now() + interval '200 days') / 86400)
FROM bench_call;
INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, collected_count, comments_count, shared_count,
                          view_count, response, sidecar_key, title, note_text, author_id, author_nickname, mapper_version)
SELECT c.note_id, c.received_at, c.id, n.liked_count * (1 + b.k) / 3, n.collected_count * (1 + b.k) / 3, b.k, b.k, 0,
       '{}', 'notes/' || c.note_id, n.title,
       CASE WHEN b.k = 2 AND b.i % 50 = 0 THEN n.note_text || '改' ELSE n.note_text END, n.author_id, '作者', 1
FROM bench_call b
JOIN api_call c ON c.note_id = b.note_id AND c.received_at = b.at
JOIN note n ON n.note_id = b.note_id
WHERE b.code = 0
ORDER BY c.id;
INSERT INTO worklist (note_id, state, due_at, attempts, last_code, reason, enqueued_at, settled_at, settled_by, gone_since)
SELECT note_id,
       CASE WHEN i % 33 = 0 THEN 'UNAVAILABLE' WHEN i % 97 = 0 THEN 'POSTPONED' WHEN i % 101 = 0 THEN 'FAILED'
            ELSE 'ARCHIVED' END,
       CASE WHEN i % 33 = 0 THEN now() + interval '10 days' WHEN i % 97 = 0 THEN now() END,
       i % 7, 0, CASE WHEN i % 33 = 0 THEN 'NOT_FOUND' WHEN i % 97 = 0 OR i % 101 = 0 THEN 'MEDIA_PENDING' END,
       first_at - interval '1 day', first_at,
       1 + floor(extract(epoch FROM first_at - now() + interval '200 days') / 86400),
       CASE WHEN i % 33 = 0 THEN first_at + interval '2 days' END
FROM bench_note ORDER BY i;
INSERT INTO worklist (note_id, due_at, enqueued_at)
SELECT 'ffffffff' || lpad(to_hex(i), 16, '0'), now(), now() - i * interval '100 days' / :notes
FROM generate_series(1, :notes / 5) AS i;

INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key)
SELECT d, 0, 'archiveNotes', md5(d::text) FROM generate_series(1, 201) AS d;
INSERT INTO batch_job_execution (job_execution_id, version, job_instance_id, create_time, start_time, end_time, status,
                                 exit_code, exit_message)
SELECT d, 2, d, now(), now() - (201 - d) * interval '1 day', now() - (201 - d) * interval '1 day' + interval '2 hours',
       'STOPPED', 'QUOTA_EXHAUSTED', 'the provider''s daily quota is used up'
FROM generate_series(1, 201) AS d;
INSERT INTO batch_job_execution_params (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
SELECT d, p, 'java.lang.String', CASE p WHEN 'night' THEN (now() - (201 - d) * interval '1 day')::date::text ELSE 'main' END, 'Y'
FROM generate_series(1, 201) AS d, unnest(ARRAY['night', 'node', 'sequence']) AS p;
INSERT INTO batch_step_execution (step_execution_id, version, step_name, job_execution_id, create_time, status, write_count)
SELECT d * 64 + w, 1, 'archiveNotes:w' || w, d, now(), 'COMPLETED', 100
FROM generate_series(1, 201) AS d, generate_series(0, 63) AS w;
INSERT INTO source_gate (code, reason, closed_at, closed_until, job_execution_id)
SELECT 303, 'the provider''s daily quota', at,
       date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' + interval '1 day', d
FROM (SELECT d, now() - (201 - d) * interval '1 day' AS at FROM generate_series(1, 201) AS d) AS s;

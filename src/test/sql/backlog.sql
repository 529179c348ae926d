-- Worklist of BigWorklist: a hundred nights of settled notes, the last of them within the time in which responses are
-- reused; of the others nearly all are new, one in fifty postponed or failed. :notes is the number of notes, :done how
-- many of ten are settled; each of them whose number :every divides has its call, response and file.
CREATE UNLOGGED TABLE made AS
SELECT i, to_hex(1610612736 + i) || lpad(to_hex(i), 16, '0') AS note_id, i % 10 < :done AS done,
       now() - interval '100 days' + i * (interval '99 days' / :notes) AS at
FROM generate_series(1, :notes) AS i;
INSERT INTO worklist (note_id, state, priority, due_at, last_code, reason, detail, source, enqueued_at, settled_at, settled_by,
                      refresh_night)
SELECT note_id,
       CASE WHEN done THEN CASE WHEN i % 100 < 3 THEN 'UNAVAILABLE' ELSE 'ARCHIVED' END
            WHEN i % 100 = 99 THEN 'FAILED' WHEN i % 100 = 98 THEN 'POSTPONED' ELSE 'PENDING' END,
       CASE WHEN i % 7 = 0 THEN 7 ELSE 5 END,
       CASE WHEN done THEN CASE WHEN i % 100 < 3 THEN now() + (1 + i % 30) * interval '1 day' END
            WHEN i % 100 = 99 THEN NULL WHEN i % 100 = 98 THEN now() + interval '12 hours'
            ELSE at END,
       CASE WHEN done THEN 0 WHEN i % 100 = 98 THEN 301 END,
       CASE WHEN done THEN CASE WHEN i % 100 < 3 THEN 'NOT_FOUND' END WHEN i % 100 = 99 THEN 'RETRIES_EXHAUSTED'
            WHEN i % 100 = 98 THEN 'PROVIDER_ERROR' END,
       CASE WHEN done THEN NULL WHEN i % 100 > 97 THEN 'code 301: busy' END,
       'bench', at, CASE WHEN done OR i % 100 > 97 THEN at END,
       CASE WHEN done OR i % 100 > 97 THEN 1 + i / 5000 END,
       CASE WHEN done AND i % 100 > 2 THEN current_date - 1 + (i % 90)::integer END
FROM made ORDER BY i;
INSERT INTO api_call (note_id, endpoint, sent_at, received_at, duration_ms, http_status, code, billed, job_execution_id,
                      response)
SELECT note_id, 'note-detail/v1', at - interval '1 second', at, 900, 200, 0, 'YES', 1 + i / 5000,
       CASE WHEN at > now() - interval '7 days' AND i % 100 = 4 THEN '\x7b7d'::bytea END
FROM made WHERE done AND i % :every = 0 ORDER BY i;
INSERT INTO note_capture (note_id, captured_at, call_id, response, sidecar_key)
SELECT c.note_id, c.received_at, c.id, '{}', 'notes/' || c.note_id FROM api_call c ORDER BY c.id;
INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
SELECT lpad(to_hex(i), 64, '0'), 'media/' || i, 200000, 'image/heic', at, at
FROM made WHERE done AND i % :every = 0 ORDER BY i;
INSERT INTO note_media (note_id, kind, ordinal, identity, state, rendition, sha256, captured_at, updated_at)
SELECT note_id, 'IMAGE', 0, note_id, 'STORED', 'original', lpad(to_hex(i), 64, '0'), at, at
FROM made WHERE done AND i % :every = 0 ORDER BY i;
DROP TABLE made;

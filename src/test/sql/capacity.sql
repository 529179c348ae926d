-- Data set of CapacityTests: for each of :notes notes 2 KB of text, three captures, five topics and four files.
INSERT INTO author (author_id, nickname, updated_at)
SELECT lpad(i::text, 24, 'a'), '作者' || i, now() FROM generate_series(0, 999) i;
INSERT INTO note (note_id, note_type, title, note_text, author_id, published_at, liked_count, first_captured_at,
                  last_captured_at)
SELECT lpad(i::text, 24, '0'), 'normal', '标题' || i, repeat(md5(i::text) || '清晨', 50),
       lpad((i % 1000)::text, 24, 'a'), timestamptz '2026-01-01' + i * interval '1 min', i, now(), now()
FROM generate_series(1, :notes) i;
INSERT INTO api_call (note_id, endpoint, sent_at, received_at)
SELECT lpad(i::text, 24, '0'), 'note-detail/v1', now(), timestamptz '2026-03-01' + k * interval '1 day'
FROM generate_series(1, :notes) i, generate_series(1, 3) k;
INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, response)
SELECT note_id, received_at, id, id, '{}' FROM api_call;
INSERT INTO note_topic (note_id, ordinal, name)
SELECT lpad(i::text, 24, '0'), k, '话题' || k FROM generate_series(1, :notes) i, generate_series(0, 4) k;
INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
SELECT sha, 'media/' || left(sha, 2) || '/' || sha || '.jpg', 1, 'image/jpeg', now()
FROM (SELECT encode(sha256(convert_to(i::text, 'UTF8')), 'hex') AS sha FROM generate_series(1, 100) i) AS objects;
INSERT INTO note_media (note_id, kind, ordinal, identity, state, sha256, captured_at, updated_at)
SELECT lpad(i::text, 24, '0'), 'IMAGE', k, 'file', 'STORED',
       encode(sha256(convert_to((1 + (i + k) % 100)::text, 'UTF8')), 'hex'), now(), now()
FROM generate_series(1, :notes) i, generate_series(0, 3) k;

package io.github.notearchive.acceptance;

/** Captures that no run has made: what an archive has after years, in a moment. */
final class StoredCaptures {

    private StoredCaptures() {}

    /** As if the note had been captured so often before, once a minute, always the same. */
    static void addOlder(Archive archive, String note, int captures) {
        archive.execute("""
                WITH calls AS (
                    INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed)
                    SELECT c.note_id, 'note-detail/v1', c.captured_at - i * interval '1 min',
                           c.captured_at - i * interval '1 min', 200, 0, 'YES'
                    FROM note_capture c, generate_series(1, %d) i WHERE c.note_id = '%s'
                    RETURNING id, note_id, received_at)
                INSERT INTO note_capture
                SELECT r.*
                FROM calls k JOIN note_capture c USING (note_id), jsonb_populate_record(c, jsonb_build_object(
                    'call_id', k.id, 'captured_at', k.received_at, 'sidecar_key', NULL)) r
                """.formatted(captures, note));
    }

    /** Notes that are like those which are there, each with one capture, until there are so many. */
    static void addNotes(Archive archive, int notes) {
        archive.execute("""
                CREATE TEMP TABLE pattern AS
                SELECT n AS note, c AS capture, row_number() OVER (ORDER BY n.note_id) - 1 AS number, count(*) OVER () AS all_of_them
                FROM note n JOIN note_capture c ON c.note_id = n.note_id AND c.captured_at = n.last_captured_at;

                CREATE TEMP TABLE addition AS
                SELECT lpad(to_hex(i), 24, '0') AS note_id, p.*
                FROM generate_series(1, %d - (SELECT count(*) FROM note)) i
                JOIN pattern p ON p.number = i %% p.all_of_them;

                INSERT INTO note
                SELECT r.* FROM addition a, jsonb_populate_record(a.note, jsonb_build_object('note_id', a.note_id)) r;

                WITH calls AS (
                    INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed)
                    SELECT note_id, 'note-detail/v1', (capture).captured_at, (capture).captured_at, 200, 0, 'YES' FROM addition
                    RETURNING id, note_id)
                INSERT INTO note_capture
                SELECT r.*
                FROM calls k JOIN addition a USING (note_id), jsonb_populate_record(a.capture, jsonb_build_object(
                    'note_id', a.note_id, 'call_id', k.id, 'sidecar_key', NULL,
                    'response', replace((a.capture).response::text, (a.note).note_id, a.note_id)::jsonb)) r;

                INSERT INTO note_topic
                SELECT a.note_id, t.ordinal, t.topic_id, t.name, t.topic_type
                FROM addition a JOIN note_topic t ON t.note_id = (a.note).note_id;

                INSERT INTO note_mention
                SELECT a.note_id, m.ordinal, m.user_id, m.nickname
                FROM addition a JOIN note_mention m ON m.note_id = (a.note).note_id;

                ANALYZE note, note_capture, note_topic, note_mention, api_call
                """.formatted(notes));
    }
}

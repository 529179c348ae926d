package io.github.notearchive.archive.query;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** Rows of notes, captures and files for tests of read models. */
record NoteRows(ArchiveDatabase database) {

    static NoteId id(int number) {
        return new NoteId("65b000000000000000%06d".formatted(number));
    }

    void author(String id, String name) {
        database.update("""
                        INSERT INTO author (author_id, red_id, nickname, updated_at) VALUES (?, 'red', ?, '2026-03-01T00:00Z')
                        """, id, name);
    }

    void note(int number, String author, String published, String title) {
        database.update("""
                        INSERT INTO note (note_id, title, note_text, search, author_id, published_at, first_captured_at, last_captured_at)
                        VALUES (?, ?, 'text', search_text(?), ?, ?::timestamptz, '2026-03-01T00:00Z', '2026-03-01T00:00Z')
                        """, id(number).value(), title, title + "\ntext", author, published);
    }

    /** Inserts a response; without a text one about the video. */
    Instant capture(int number, String at, @Nullable String title, @Nullable String text, String author, String name) {
        OffsetDateTime time = OffsetDateTime.parse(at);
        database.update("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed)
                        VALUES (?, ?, ?, ?, 0, 'YES')
                        """, id(number).value(), text == null ? "note-detail/v6" : "note-detail/v1", time, time);
        database.update("""
                        INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, response, title, note_text, author_id,
                                                  author_nickname, mapper_version)
                        VALUES (?, ?, (SELECT max(id) FROM api_call), 7, '{}', ?, ?, ?, ?, ?::integer)
                        """, id(number).value(), time, title, text, author, name, text == null ? null : 1);
        database.update(
                "UPDATE note SET last_captured_at = greatest(last_captured_at, ?) WHERE note_id = ?",
                time,
                id(number).value());
        return time.toInstant();
    }

    void settled(int number, String state, String at) {
        database.update("""
                        INSERT INTO worklist (note_id, state, reason, settled_at, due_at, last_code, enqueued_at)
                        VALUES (?, ?, CASE ? WHEN 'ARCHIVED' THEN NULL ELSE 'NOT_FOUND' END, ?::timestamptz, ?::timestamptz, 404,
                                '2026-03-01T00:00Z')
                        ON CONFLICT (note_id) DO UPDATE
                        SET state = EXCLUDED.state, reason = EXCLUDED.reason, settled_at = EXCLUDED.settled_at
                        """, id(number).value(), state, state, at, at);
    }

    void file(int number, String kind, int ordinal, @Nullable String sha256, @Nullable String reason) {
        if (sha256 != null) {
            database.update("""
                            INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                            VALUES (?, 'media/' || ?, 10, 'image/jpeg', '2026-03-01T00:00Z') ON CONFLICT DO NOTHING
                            """, sha256, sha256);
        }
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, sha256, captured_at, updated_at)
                        VALUES (?, ?, ?, 'file', ?, ?, ?, '2026-03-01T00:00Z', '2026-03-01T00:00Z')
                        """, id(number).value(), kind, ordinal, sha256 == null ? "WAIVED" : "STORED", reason, sha256);
    }

    void subtitle(int number, int ordinal, String words) {
        file(number, "SUBTITLE", ordinal, "%064x".formatted(100 * number + ordinal), null);
        database.update(
                "UPDATE note_media SET words = search_text(?) WHERE note_id = ? AND kind = 'SUBTITLE' AND ordinal = ?",
                words,
                id(number).value(),
                ordinal);
    }

    void topic(int number, int ordinal, String name) {
        database.update(
                "INSERT INTO note_topic (note_id, ordinal, name) VALUES (?, ?, ?)",
                id(number).value(),
                ordinal,
                name);
    }

    void erase(int number) {
        database.update(
                "INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())",
                id(number).value());
    }
}

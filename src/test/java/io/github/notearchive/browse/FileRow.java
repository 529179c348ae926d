package io.github.notearchive.browse;

import io.github.notearchive.ArchiveDatabase;

/** Row of a stored file. */
record FileRow(String sha256, String key, long size, String contentType) {

    /** Inserts the row and a slot of a note with the file; the note, too, if it is missing. */
    void insert(String note, String kind, int ordinal) {
        ArchiveDatabase database = ArchiveDatabase.running();
        database.update("""
                        INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (?, now(), now())
                        ON CONFLICT DO NOTHING
                        """, note);
        database.update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (?, ?, ?, ?, now()) ON CONFLICT DO NOTHING
                        """, sha256, key, size, contentType);
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, sha256, captured_at, updated_at)
                        VALUES (?, ?, ?, 'file', 'STORED', ?, now(), now())
                        """, note, kind, ordinal, sha256);
    }
}

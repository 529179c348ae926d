package io.github.notearchive.archive.query;

import io.github.notearchive.note.NoteId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Place between two notes in a list that is sorted by a time, newest first. Notes without the time come last. The text
 * of a position separates pages.
 */
record NotePosition(@Nullable Instant at, String id) {

    static final NotePosition NEWEST = new NotePosition(Instant.parse("9999-12-31T00:00:00Z"), "g");

    static NotePosition of(@Nullable Instant at, NoteId id) {
        return new NotePosition(at, id.value());
    }

    /**
     * Returns the position of a text; null or an empty text is that before the newest note.
     *
     * @throws IllegalArgumentException if it is not a position
     */
    static NotePosition parse(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return NEWEST;
        }
        String[] parts = text.split("_", 2);
        try {
            return of(parts[0].isEmpty() ? null : Instant.parse(parts[0]), new NoteId(parts[1]));
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("\"" + text + "\" is not a position within the list", e);
        }
    }

    @Override
    public String toString() {
        return (at == null ? "" : at) + "_" + id;
    }
}

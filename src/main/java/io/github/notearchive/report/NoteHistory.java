package io.github.notearchive.report;

import io.github.notearchive.archive.stats.NoteStats.File;
import java.time.Instant;
import java.util.List;

/**
 * History of one note.
 *
 * @param events in order of time
 * @param files files that the note has or should have
 */
public record NoteHistory(List<Event> events, List<File> files) {

    /** Kind of an event. */
    public enum Kind {
        /** The note was enqueued. */
        QUEUED,
        /** A request to the provider, with its response. */
        CALL,
        /** A file was stored, or its download failed. */
        FILE,
        /** A run or an operator changed the state. */
        DECIDED,
        /** An audit reported or resolved a finding. */
        AUDIT
    }

    /** One event. {@code what} may contain text of the provider. */
    public record Event(Instant at, Kind kind, String what) {}
}

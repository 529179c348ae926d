package io.github.notearchive.report;

import io.github.notearchive.archive.stats.NoteStats.File;
import java.time.Instant;
import java.util.List;

/**
 * What happened to one note, as far as the tables know.
 *
 * @param events in the order of time
 * @param files the files it is to have, or had
 */
public record NoteHistory(List<Event> events, List<File> files) {

    /** What an event is about. */
    public enum Kind {
        /** It came onto the worklist. */
        QUEUED,
        /** A request to the provider, and its answer. */
        CALL,
        /** A file came in, or was tried for. */
        FILE,
        /** A run, or an operator, decided about it. */
        DECIDED,
        /** An audit found something, or found it good again. */
        AUDIT
    }

    /** One thing that happened. {@code what} may hold words of the provider. */
    public record Event(Instant at, Kind kind, String what) {}
}

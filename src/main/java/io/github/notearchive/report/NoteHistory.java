package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.SlotState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /**
     * One file.
     *
     * @param tried what the addresses said that were tried last and gave nothing, in that order; empty when the first
     *     one gave the file, or nothing was tried
     * @param isListed whether the newest answer still lists it
     */
    public record File(
            String kind,
            int ordinal,
            SlotState state,
            @Nullable String reason,
            @Nullable String rendition,
            @Nullable Long sizeBytes,
            @Nullable String contentType,
            @Nullable String objectKey,
            @Nullable String checks,
            List<String> tried,
            Instant changedAt,
            boolean isListed) {}
}

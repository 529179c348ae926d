package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import org.jspecify.annotations.Nullable;

/** What becomes of a claimed note. Each one read is exactly one of these written. */
sealed interface Disposition {

    WorklistItem claimed();

    /** What its answers brought in; null when nothing did. */
    default @Nullable CollectedMedia files() {
        return null;
    }

    /** Every expected file is there or waived; {@code harvest} is null when nothing was brought in anew. */
    record Archived(WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition)
            implements Disposition {}

    /**
     * There is no such note, or no longer; {@code harvest} is what an earlier answer brought in, null when there is
     * none.
     */
    record Unavailable(WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition)
            implements Disposition {}

    /** To be taken up again later; {@code harvest} is what its answer brought in so far, null when there is none. */
    record Postponed(WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition)
            implements Disposition {}

    /** Given up; {@code harvest} is what its answer brought in, null when there is none. */
    record Failed(WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition)
            implements Disposition {}

    /** Archived before, and keeps all it has: asking anew brought no answer with the note in it, now or at all. */
    record Kept(WorklistItem claimed, RefreshResult result) implements Disposition {}

    /** Not to be archived: it was forgotten, or whoever wrote it. Nothing is kept of it. */
    record Erased(WorklistItem claimed) implements Disposition {}

    /**
     * Handed back as it was, state and counters untouched; what {@code harvest} brought in is kept, null when there is
     * none.
     */
    record Released(WorklistItem claimed, @Nullable CollectedMedia files, String reason) implements Disposition {}
}

package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import org.jspecify.annotations.Nullable;

/** Result of processing a claimed note. Each note that is read leads to exactly one disposition. */
sealed interface Disposition {

    WorkItem item();

    /** Returns the collected media; null if there are none. */
    default @Nullable CollectedMedia files() {
        return null;
    }

    /** Every expected file is stored or waived; {@code files} is null if nothing new was collected. */
    record Archived(WorkItem item, @Nullable CollectedMedia files, StateTransition transition) implements Disposition {}

    /**
     * The note does not exist, or no longer; {@code files} were collected from an earlier response, null if there are
     * none.
     */
    record Unavailable(NewNote item, @Nullable CollectedMedia files, StateTransition transition)
            implements Disposition {}

    /** Will be retried later; {@code files} were collected so far, null if there are none. */
    record Postponed(NewNote item, @Nullable CollectedMedia files, StateTransition transition) implements Disposition {}

    /** Failed permanently; {@code files} were collected, null if there are none. */
    record Failed(NewNote item, @Nullable CollectedMedia files, StateTransition transition) implements Disposition {}

    /** An archived note that keeps its content: the refresh brought no response with the note. */
    record Kept(RefreshNote item, RefreshResult result) implements Disposition {}

    /** The note or its author was erased. Nothing of it is stored. */
    record Erased(WorkItem item) implements Disposition {}

    /** Returned to the worklist unchanged, including counters; {@code files} are stored, null if there are none. */
    record Released(WorkItem item, @Nullable CollectedMedia files, String reason) implements Disposition {}
}

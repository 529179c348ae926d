package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.WorklistItem;
import org.jspecify.annotations.Nullable;

/** Result of processing a claimed note. Each note that is read leads to exactly one disposition. */
sealed interface Disposition {

    WorklistItem item();

    /**
     * Archived, unavailable, postponed or failed, by the state of the transition; or an archived note that is kept.
     *
     * @param files collected media; null if there are none
     */
    record Settled(WorklistItem item, @Nullable CollectedMedia files, Transition transition) implements Disposition {}

    /** The note or its author was erased. Nothing of it is stored. */
    record Erased(WorklistItem item) implements Disposition {}

    /** Returned to the worklist unchanged, including counters. */
    record Released(WorklistItem item, @Nullable CollectedMedia files, String reason) implements Disposition {}
}

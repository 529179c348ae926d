package io.github.notearchive.archive.worklist;

/** Change of a worklist row, applied by {@link WorklistRow#apply}. */
public sealed interface Transition
        permits StateTransition, RefreshResult, Transition.CompletedByWaiver, Transition.FileLost {

    /** An operator's waiver accepted the last missing file of an unclaimed note. */
    record CompletedByWaiver() implements Transition {}

    /** A rebuild found that a file of an archived note is lost. The note is due; the response needs no call. */
    record FileLost(String detail) implements Transition {}
}

package io.github.notearchive.archive.worklist;

/** State of a note: the values of {@code worklist.state}. */
public enum NoteState {
    /** Never fetched. */
    PENDING,
    /** Fetched before; retried when due. */
    POSTPONED,
    /** Every expected file is stored and verified, or waived by name. */
    ARCHIVED,
    /** The provider has no such note, or no longer; checked again when due. */
    UNAVAILABLE,
    /** Failed permanently; an operator may requeue it. */
    FAILED
}

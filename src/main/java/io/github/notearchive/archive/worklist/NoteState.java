package io.github.notearchive.archive.worklist;

/** How far a note got. The names stand in the column {@code worklist.state}. */
public enum NoteState {
    /** Never asked about. */
    PENDING,
    /** Asked about, and asked again when it is due. */
    POSTPONED,
    /** Every expected file is stored and verified, or waived by name. */
    ARCHIVED,
    /** There is no such note, or no longer; looked at again when it is due. */
    UNAVAILABLE,
    /** Given up; somebody may requeue it. */
    FAILED
}

package io.github.notearchive.archive.catalog;

/** What a place for a file holds. The names stand in the column {@code note_media.state}. */
public enum SlotState {
    /** A file. */
    STORED,
    /** Nothing yet; the row says why. */
    MISSING,
    /** Nothing, and nothing is wanted any more. */
    WAIVED
}

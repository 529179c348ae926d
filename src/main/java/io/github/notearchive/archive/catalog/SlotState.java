package io.github.notearchive.archive.catalog;

/** State of a slot: the values of {@code note_media.state}. */
public enum SlotState {
    STORED,
    /** Empty; the row states why. */
    MISSING,
    /** Empty, and accepted as such. */
    WAIVED
}

package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import org.jspecify.annotations.Nullable;

/** What became of one expected file. */
public sealed interface SlotStatus {

    MediaSlot slot();

    /**
     * The bytes lie verified in the store.
     *
     * @param rendition which of the offered addresses was taken
     * @param width pixels, as the answer says; null when it does not
     * @param height pixels, as the answer says; null when it does not
     * @param checks what the promised length and digest said of the bytes, and what is odd about them; null when
     *     nothing was promised
     * @param lesserBecause why a lesser rendition than the best one offered was taken; null when it is the best
     */
    record Stored(
            MediaSlot slot,
            StoredMedia media,
            @Nullable String rendition,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable String checks,
            @Nullable String lesserBecause)
            implements SlotStatus {}

    /** Accepted as empty, by name. */
    record Waived(MediaSlot slot, String reason) implements SlotStatus {}

    /**
     * Expected, and not there.
     *
     * @param deadNight the night whose answer first had only dead addresses; null when some address may yet work
     */
    record Missing(
            MediaSlot slot, Gap gap, String error, @Nullable Night deadNight) implements SlotStatus {}

    /** Why a file is missing. The names stand in the column {@code note_media.reason}. */
    enum Gap {
        /** Something was in the way that may pass. */
        RETRY,
        /** Every address of the answer is dead; a new answer may have others. */
        DEAD,
        /** Dead in two answers that were bought on different nights. */
        GONE,
        /** The call that it takes has not been made, or has not brought the note. */
        NO_ANSWER
    }
}

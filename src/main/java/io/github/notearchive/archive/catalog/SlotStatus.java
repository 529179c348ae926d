package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import org.jspecify.annotations.Nullable;

/** Result of processing one slot. */
public sealed interface SlotStatus {

    MediaSlot slot();

    /**
     * The file is stored and verified.
     *
     * @param rendition URL choice that was downloaded
     * @param width pixels according to the response; null without
     * @param height pixels according to the response; null without
     * @param checks result of comparing the bytes with the promised length and digest, and oddities; null if nothing
     *     was promised
     * @param lesserBecause why a lesser rendition than the best one offered was used; null for the best
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
     * Expected and missing.
     *
     * @param deadNight night whose response first had expired URLs only; null while a URL may work
     */
    record Missing(
            MediaSlot slot, Gap gap, String error, @Nullable Night deadNight) implements SlotStatus {}

    /** Reason of a missing file: the values of {@code note_media.reason}. */
    enum Gap {
        RETRY,
        /** All URLs of the response have expired; a new response may have others. */
        DEAD,
        /** All URLs have expired in responses bought on two nights. */
        GONE,
        /** The required call was not made, or did not return the note. */
        NO_ANSWER
    }
}

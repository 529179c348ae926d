package io.github.notearchive.job;

import io.github.notearchive.worklist.ClaimedNote;
import io.github.notearchive.worklist.Settlement;
import io.github.notearchive.worklist.Upkeep;
import org.jspecify.annotations.Nullable;

/** What becomes of a claimed note. Each one read is exactly one of these written. */
sealed interface NoteDisposition {

    ClaimedNote claimed();

    /** What its answers brought in; null when nothing did. */
    default @Nullable Harvest harvest() {
        return null;
    }

    /** Every expected file is there or waived; {@code harvest} is null when nothing was brought in anew. */
    record Archived(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement) implements NoteDisposition {}

    /**
     * There is no such note, or no longer; {@code harvest} is what an earlier answer brought in, null when there is
     * none.
     */
    record Unavailable(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement)
            implements NoteDisposition {}

    /** To be taken up again later; {@code harvest} is what its answer brought in so far, null when there is none. */
    record Postponed(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement)
            implements NoteDisposition {}

    /** Given up; {@code harvest} is what its answer brought in, null when there is none. */
    record Failed(ClaimedNote claimed, @Nullable Harvest harvest, Settlement settlement) implements NoteDisposition {}

    /** Archived before, and keeps all it has: asking anew brought no answer with the note in it, now or at all. */
    record Kept(ClaimedNote claimed, Upkeep upkeep) implements NoteDisposition {}

    /** Not to be archived: it was forgotten, or whoever wrote it. Nothing is kept of it. */
    record Forgotten(ClaimedNote claimed) implements NoteDisposition {}

    /**
     * Handed back as it was, state and counters untouched; what {@code harvest} brought in is kept, null when there is
     * none.
     */
    record Released(ClaimedNote claimed, @Nullable Harvest harvest, String reason) implements NoteDisposition {}
}

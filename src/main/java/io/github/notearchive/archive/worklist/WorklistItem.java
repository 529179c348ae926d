package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A note that this node works on, under a lease, and what was tried before.
 *
 * @param claim the number of the claim; settling names it
 * @param attempts times the provider put it off, in its life
 * @param attemptsTonight the same, this night
 * @param mediaAttempts times a file could not be had, in its life
 * @param mediaAttemptsTonight the same, this night
 * @param missingNight the night in which a success did not hold the note; null when none did
 * @param refreshNight from which night an answer counts as new, where the note is claimed to be asked about anew; null
 *     when it is claimed for anything else
 * @param refreshAttempts nights in a row in which that came to nothing
 * @param night in which it was claimed, which {@code attemptsTonight} and {@code mediaAttemptsTonight} are of
 * @param settledAt when it was last decided what becomes of it; null when it never was
 */
public record WorklistItem(
        NoteId id,
        long claim,
        NoteState state,
        int attempts,
        int attemptsTonight,
        int mediaAttempts,
        int mediaAttemptsTonight,
        @Nullable Night missingNight,
        @Nullable Night refreshNight,
        int refreshAttempts,
        Night night,
        @Nullable Instant settledAt) {

    /** Times the provider put it off in a night, which may have begun since it was claimed. */
    public int attemptsIn(Night tonight) {
        return night.equals(tonight) ? attemptsTonight : 0;
    }

    /** Times a file could not be had in a night, which may have begun since it was claimed. */
    public int mediaAttemptsIn(Night tonight) {
        return night.equals(tonight) ? mediaAttemptsTonight : 0;
    }

    /** The earlier night in which the provider said the same: success, but no note. */
    public Optional<Night> wasMissingBefore(Night tonight) {
        return Optional.ofNullable(missingNight).filter(night -> night.compareTo(tonight) < 0);
    }

    @Override
    public String toString() {
        return "note " + id + " (claim " + claim + ")";
    }
}

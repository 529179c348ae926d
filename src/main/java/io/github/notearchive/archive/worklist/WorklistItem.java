package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A claimed note and its earlier attempts.
 *
 * @param claim the fencing token of the claim
 * @param attempts times that the provider failed, in total
 * @param attemptsTonight times that the provider failed, in this night
 * @param mediaAttempts times that a file was unavailable, in total
 * @param mediaAttemptsTonight times that a file was unavailable, in this night
 * @param missingNight night in which a success lacked the note; null if none did
 * @param refreshNight night since which a response counts as new, if the note is claimed for a refresh; otherwise null
 * @param refreshAttempts consecutive nights of failed refreshes
 * @param night night of the claim, to which {@code attemptsTonight} and {@code mediaAttemptsTonight} belong
 * @param settledAt when the note was last settled; null if never
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

    /** Returns the failures of the provider in a night, which may have begun after the claim. */
    public int attemptsIn(Night tonight) {
        return night.equals(tonight) ? attemptsTonight : 0;
    }

    /** Returns the failures of files in a night, which may have begun after the claim. */
    public int mediaAttemptsIn(Night tonight) {
        return night.equals(tonight) ? mediaAttemptsTonight : 0;
    }

    /** Returns the earlier night in which a success lacked the note. */
    public Optional<Night> wasMissingBefore(Night tonight) {
        return Optional.ofNullable(missingNight).filter(night -> night.compareTo(tonight) < 0);
    }

    @Override
    public String toString() {
        return "note " + id + " (claim " + claim + ")";
    }
}

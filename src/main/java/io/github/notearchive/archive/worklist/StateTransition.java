package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is written into a row when its claim ends with a decision.
 *
 * @param state the state from now on
 * @param countsFor which counter goes up by one
 * @param dueAt when a run may take it up again; null: never by itself
 * @param code the provider's code; null when no readable answer came or no call was made
 * @param reason why the note is in this state; null for a note that is archived without open work
 * @param detail the reason in words, for a person; null when there is nothing to add
 * @param missingNight the night in which a success did not hold the note; null clears it
 * @param responseHeld whether a paid answer waits for its media
 */
public record StateTransition(
        NoteState state,
        Counter countsFor,
        @Nullable Instant dueAt,
        @Nullable Integer code,
        @Nullable StateReason reason,
        @Nullable String detail,
        @Nullable Night missingNight,
        boolean responseHeld) {

    public StateTransition {
        if (reason == null && state != NoteState.ARCHIVED) {
            throw new IllegalArgumentException("a note that is " + state + " has a reason");
        }
    }

    /** Which attempt a settlement counts. */
    public enum Counter {
        NONE,
        CALL,
        MEDIA
    }
}

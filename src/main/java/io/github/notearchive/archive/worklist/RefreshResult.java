package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import org.jspecify.annotations.Nullable;

/**
 * What is written into the row of a note that keeps what it has, when asking about it anew brought no answer with the
 * note in it. Counters, {@code due_at} and whatever else was decided before stay.
 *
 * @param state ARCHIVED, or UNAVAILABLE when the note is no longer there
 * @param again from which night it is asked about again
 * @param attempts nights in a row in which that came to nothing, this one included
 * @param code the provider's code; null when no readable answer came
 * @param reason why there is no new response with the note
 * @param detail the reason in words, for a person
 * @param missingNight the night in which a success did not hold the note; null clears it
 * @param responseHeld whether an answer that is paid for could not be written, and is to be taken up in that night
 *     without a call
 */
public record RefreshResult(
        NoteState state,
        Night again,
        int attempts,
        @Nullable Integer code,
        StateReason reason,
        String detail,
        @Nullable Night missingNight,
        boolean responseHeld) {

    public RefreshResult {
        if (state != NoteState.ARCHIVED && state != NoteState.UNAVAILABLE) {
            throw new IllegalArgumentException("What is archived is not " + state);
        }
    }
}

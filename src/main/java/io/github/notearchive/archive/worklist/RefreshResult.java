package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import org.jspecify.annotations.Nullable;

/**
 * Result of a refresh that brought no response with the note, as written to its row. The note keeps its content,
 * counters and {@code due_at}.
 *
 * @param state ARCHIVED, or UNAVAILABLE if the note is no longer available
 * @param again first night of the next refresh
 * @param attempts consecutive nights without success, including this one
 * @param code the provider's code; null without a readable response
 * @param reason why there is no new response with the note
 * @param detail explanation for operators
 * @param missingNight night in which a success lacked the note; null clears it
 * @param responseHeld whether a paid response could not be written and is to be processed in that night without a call
 */
public record RefreshResult(
        NoteState state,
        Night again,
        int attempts,
        @Nullable Integer code,
        StateReason reason,
        String detail,
        @Nullable Night missingNight,
        boolean responseHeld)
        implements Transition {

    public RefreshResult {
        if (state != NoteState.ARCHIVED && state != NoteState.UNAVAILABLE) {
            throw new IllegalArgumentException(
                    "state of a refreshed note must be ARCHIVED or UNAVAILABLE, not " + state);
        }
    }
}

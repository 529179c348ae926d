package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Change of a worklist row, applied by {@link WorklistRow#apply}. */
public sealed interface Transition {

    enum Counter {
        NONE,
        CALL,
        MEDIA
    }

    /**
     * Decision about a claimed note.
     *
     * @param dueAt when a run may claim it again; null for never
     * @param code the provider's code; null without a readable response or without a call
     * @param reason why the note is in this state; null for an archived note without open work
     * @param missingNight night in which a success lacked the note; null clears it
     * @param responseHeld whether a paid response waits for its media
     */
    record StateTransition(
            NoteState state,
            Counter countsFor,
            @Nullable Instant dueAt,
            @Nullable Integer code,
            @Nullable StateReason reason,
            @Nullable String detail,
            @Nullable Night missingNight,
            boolean responseHeld)
            implements Transition {}

    /**
     * Result of a refresh that brought no response with the note. The note keeps its content, counters and
     * {@code due_at}. Components as in {@link StateTransition}.
     *
     * @param state ARCHIVED, or UNAVAILABLE if the note is no longer available
     * @param again first night of the next refresh
     * @param attempts consecutive nights without success, including this one
     * @param responseHeld whether a paid response could not be written and is to be processed in that night without a
     *     call
     */
    record RefreshResult(
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
                throw new IllegalArgumentException("a refreshed note must be ARCHIVED or UNAVAILABLE, not " + state);
            }
        }
    }

    /** An operator's waiver accepted the last missing file of an unclaimed note. */
    record CompletedByWaiver() implements Transition {}

    /** A rebuild found that a file of an archived note is lost. The note is due; the response needs no call. */
    record FileLost(String detail) implements Transition {}
}

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
     * Why a note is in its state.
     *
     * @param reason null for an archived note without open work
     * @param code the provider's code, 0 for a success; null without a readable response or without a call
     * @param missingNight night in which a success lacked the note; null clears it
     * @param responseHeld whether a paid response waits for its media
     */
    record Cause(
            @Nullable StateReason reason,
            @Nullable String detail,
            @Nullable Integer code,
            @Nullable Night missingNight,
            boolean responseHeld) {

        public static final Cause NONE = because(null, null);

        /** Returns a cause after a success that found the note, without a held response. */
        public static Cause because(@Nullable StateReason reason, @Nullable String detail) {
            return new Cause(reason, detail, 0, null, false);
        }

        public Cause withDetail(String text) {
            return new Cause(reason, text, code, missingNight, responseHeld);
        }

        public Cause withCode(@Nullable Integer provided) {
            return new Cause(reason, detail, provided, missingNight, responseHeld);
        }

        public Cause withMissingNight(@Nullable Night night) {
            return new Cause(reason, detail, code, night, responseHeld);
        }

        public Cause withResponseHeld(boolean held) {
            return new Cause(reason, detail, code, missingNight, held);
        }
    }

    /**
     * Decision about a claimed note.
     *
     * @param dueAt when a run may claim it again; null for never
     */
    record StateTransition(
            NoteState state, Counter countsFor, @Nullable Instant dueAt, Cause cause) implements Transition {

        public static StateTransition archived(@Nullable Instant dueAt, Cause cause) {
            return new StateTransition(NoteState.ARCHIVED, Counter.NONE, dueAt, cause);
        }

        public static StateTransition postponed(Instant until, Cause cause) {
            return new StateTransition(NoteState.POSTPONED, Counter.NONE, until, cause);
        }

        public static StateTransition failed(Cause cause) {
            return new StateTransition(NoteState.FAILED, Counter.NONE, null, cause);
        }

        public StateTransition counting(Counter counter) {
            return new StateTransition(state, counter, dueAt, cause);
        }
    }

    /**
     * Result of a refresh that brought no response with the note. The note keeps its content, counters and
     * {@code due_at}. A response that is held could not be written, and is processed in {@code again} without a call.
     *
     * @param state ARCHIVED, or UNAVAILABLE if the note is no longer available
     * @param again first night of the next refresh
     * @param attempts consecutive nights without success, including this one
     */
    record RefreshResult(NoteState state, Night again, int attempts, Cause cause) implements Transition {

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

package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.Night;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Decision about a claimed note, as written to its row at the end of the claim.
 *
 * @param state new state
 * @param countsFor counter to increment
 * @param dueAt when a run may claim it again; null for never
 * @param code the provider's code; null without a readable response or without a call
 * @param reason why the note is in this state; null for an archived note without open work
 * @param detail explanation for operators; null if there is none
 * @param missingNight night in which a success lacked the note; null clears it
 * @param responseHeld whether a paid response waits for its media
 */
public record StateTransition(
        NoteState state,
        Counter countsFor,
        @Nullable Instant dueAt,
        @Nullable Integer code,
        @Nullable StateReason reason,
        @Nullable String detail,
        @Nullable Night missingNight,
        boolean responseHeld)
        implements Transition {

    public StateTransition {
        if (reason == null && state != NoteState.ARCHIVED) {
            throw new IllegalArgumentException("state " + state + " requires a reason");
        }
    }

    /** Counter of attempts. */
    public enum Counter {
        NONE,
        CALL,
        MEDIA
    }
}

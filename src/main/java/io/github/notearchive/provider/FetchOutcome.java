package io.github.notearchive.provider;

import io.github.notearchive.note.NoteCapture;
import java.time.Instant;

/**
 * What the provider's answer for one note means for whoever asked.
 *
 * <p>Outcomes are told apart by <em>what to do next</em>, not by code: several codes share an outcome, and the code
 * survives only as evidence in the {@link ProviderReply}. Switch over them without {@code default}, so that a new
 * outcome does not compile until every caller has decided what to do with it.
 */
public sealed interface FetchOutcome {

    /** Here is the detail, and it has been paid for. */
    record Found(NoteCapture capture) implements FetchOutcome {}

    /**
     * There is no such note, or no longer. Asking again costs money.
     *
     * @param certain whether the answer itself is final; a success without the note in it is not
     */
    record Missing(ProviderReply reply, boolean certain) implements FetchOutcome {}

    /** The request itself is wrong, by a bad id or a bug of ours. Final for this note, and worth a look. */
    record Rejected(ProviderReply reply) implements FetchOutcome {}

    /**
     * Nothing to be had now. Ask about this note again later.
     *
     * @param cause what put it off, which decides who pays for it: the note or the client
     */
    record Deferred(ProviderReply reply, Cause cause) implements FetchOutcome {

        /** Why a call is to be repeated. */
        public enum Cause {
            /**
             * The provider could not collect this note (301), or sent a code that nobody knows. Counts for the note.
             */
            NOT_COLLECTED,
            /** The provider or the way to it is in trouble. Counts for the note, and for the provider's health. */
            FAULT,
            /** We ask too fast. The client pauses; the note is not to blame. */
            THROTTLED,
            /**
             * The quota of the day before (303), soon after midnight: the provider may start the day later than we do.
             * The client pauses; the note is not to blame.
             */
            NOT_RESET;

            /** Whether the client pauses, and the note is released. */
            public boolean isPause() {
                return this == THROTTLED || this == NOT_RESET;
            }
        }
    }

    /**
     * Today's quota is used up. Stop asking that question where it is the quota of one; a run after {@code until} goes
     * on from here.
     */
    record Exhausted(String quota, Whose whose, Instant until) implements FetchOutcome {

        /** Whose quota it is. */
        public enum Whose {
            /** The provider's (303). */
            PROVIDER,
            /** Our own limit of all calls. */
            OURS,
            /** Our own limit of calls for videos; other calls may be left. */
            OURS_FOR_VIDEOS,
            /** Our own limit of calls about archived notes; other calls may be left. */
            OURS_FOR_REFRESHES
        }
    }

    /**
     * The claim on the note was lost while the question waited for its turn, so nothing was sent: somebody else may
     * have the note by now, and its answer.
     */
    record Unclaimed() implements FetchOutcome {}

    /** An earlier call about the note is outstanding, so nothing was sent. Ask on a later night. */
    record Outstanding(OutstandingCall call) implements FetchOutcome {}

    /** Token, permission or balance. No call succeeds until someone acts. */
    record Blocked(ProviderReply reply) implements FetchOutcome {}
}

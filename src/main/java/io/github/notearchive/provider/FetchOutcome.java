package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Result of fetching one note, classified by what the caller does next. The code of the response is kept as evidence in
 * the {@link ProviderReply}. Switch without {@code default}.
 */
public sealed interface FetchOutcome {

    /** The note was delivered and billed. */
    record Found(NoteCapture capture) implements FetchOutcome {}

    /**
     * The provider has no such note. Fetching it again is billed.
     *
     * @param certain false for a success code without the note, which another response has to confirm
     */
    record Missing(ProviderReply reply, boolean certain) implements FetchOutcome {}

    /** Invalid request: a bad note id or a bug. Permanent for this note. */
    record Rejected(ProviderReply reply) implements FetchOutcome {}

    record Deferred(ProviderReply reply, DeferralCause cause) implements FetchOutcome {

        /** Cause of a temporary failure, which decides whether it counts for the note. */
        public enum DeferralCause {
            /** The provider could not collect the note (301), or sent an undocumented code. Counts for the note. */
            NOT_COLLECTED,
            /** Failure of the provider or the network. Counts for the note and for the provider's health. */
            FAULT,
            /** Rate limit exceeded. The client pauses; does not count for the note. */
            THROTTLED,
            /** 303 soon after midnight, when the provider may still count the day before. As {@link #THROTTLED}. */
            NOT_RESET;

            public boolean isPause() {
                return this == THROTTLED || this == NOT_RESET;
            }
        }
    }

    /** An outcome after which calls make no sense for a time. */
    sealed interface Ending extends FetchOutcome {}

    /**
     * A daily quota is used up until the given time. Stop the calls that it limits.
     *
     * @param limit which of our own limits; null for the provider's quota (303)
     */
    record Exhausted(String quota, @Nullable CallKind limit, Instant until) implements Ending {

        public String reason() {
            return quota + " is used up; no call before " + Night.local(until);
        }
    }

    /** The claim was lost before the request was sent; another node may have the note. Nothing was billed. */
    record Unclaimed() implements FetchOutcome, CallRecorder.CallAdmission {}

    /**
     * An earlier call about the note, of this row and execution, has no response in the ledger, and its node may have
     * one. Nothing was sent; fetch the note on a later night.
     */
    record Outstanding(long number, long execution, Instant sentAt)
            implements FetchOutcome, CallRecorder.CallAdmission {

        public String reason() {
            return "call %d of execution %d, sent at %s, has no response yet, and its node may have one"
                    .formatted(number, execution, Night.local(sentAt));
        }
    }

    /** Token, permission or balance error. No call succeeds until an operator acts. */
    record Blocked(ProviderReply reply) implements Ending {}
}

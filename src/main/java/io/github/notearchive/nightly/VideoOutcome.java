package io.github.notearchive.nightly;

import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.ProviderReply;
import java.time.Instant;

/**
 * What came of asking for a note's video, told apart by what becomes of the note. Whatever it is, the note's other
 * files are brought in.
 */
public sealed interface VideoOutcome {

    /** No call was to be made: what is known of the video stays as it is. */
    record NotAsked() implements VideoOutcome {}

    /** Here is the answer, paid for tonight or before. */
    record Answered(NoteCapture capture) implements VideoOutcome {}

    /** The provider has no video of this note, and asking again would not change that. */
    record NotOffered() implements VideoOutcome {}

    /** The video waits, and why. Meanwhile an answer of earlier stands, if there is one. */
    sealed interface Unanswered extends VideoOutcome {

        String reason();

        /**
         * For a later night, which is not the note's fault.
         *
         * @param until when that begins; in the past where midnight has passed since
         */
        record Later(String reason, Instant until) implements Unanswered {}

        /** Until the call is repeated, within the limits of every note's retries. */
        record Repeated(String reason, ProviderReply reply, Deferred.Cause cause) implements Unanswered {}

        /** For ever: the request itself is wrong. */
        record Refused(String reason, ProviderReply reply) implements Unanswered {}

        /** For the next run, since this one ends. */
        record Ended(String reason) implements Unanswered {}
    }
}

package io.github.notearchive.job;

import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.source.NoteDetailOutcome.Deferred;
import io.github.notearchive.source.ProviderReply;
import java.time.Instant;

/**
 * What came of asking for a note's video, told apart by what becomes of the note. Whatever it is, the note's other
 * files are brought in.
 */
sealed interface VideoAnswer {

    /** No call was to be made: what is known of the video stays as it is. */
    record NotAsked() implements VideoAnswer {}

    /** Here is the answer, paid for tonight or before. */
    record Answered(NoteCapture capture) implements VideoAnswer {}

    /** The provider has no video of this note, and asking again would not change that. */
    record NotOffered() implements VideoAnswer {}

    /** The video waits, and why. Meanwhile an answer of earlier stands, if there is one. */
    sealed interface Unanswered extends VideoAnswer {

        String obstacle();

        /**
         * For a later night, which is not the note's fault.
         *
         * @param until when that begins; in the past where midnight has passed since
         */
        record Later(String obstacle, Instant until) implements Unanswered {}

        /** Until the call is repeated, within the limits of every note's retries. */
        record Repeated(String obstacle, ProviderReply reply, Deferred.Cause cause) implements Unanswered {}

        /** For ever: the request itself is wrong. */
        record Refused(String obstacle, ProviderReply reply) implements Unanswered {}

        /** For the next run, since this one ends. */
        record Ended(String obstacle) implements Unanswered {}
    }
}

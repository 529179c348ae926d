package io.github.notearchive.job;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.source.NoteDetailOutcome.Deferred;
import io.github.notearchive.source.ProviderReply;
import org.jspecify.annotations.Nullable;

/**
 * What came of asking for a note's video, told apart by what becomes of the note. Whatever it is,
 * the note's other files are brought in.
 */
sealed interface VideoAnswer {

    /** No call was to be made: what is known of the video stays as it is. */
    record NotAsked() implements VideoAnswer {}

    /** Here is the answer, paid for tonight or before. */
    record Answered(NoteCapture capture) implements VideoAnswer {}

    /** The provider has no video of this note, and asking again would not change that. */
    record NotOffered() implements VideoAnswer {}

    /** The video waits, and why. */
    sealed interface Unanswered extends VideoAnswer {

        String obstacle();

        /**
         * For a later night, which is not the note's fault.
         *
         * @param emptyNight the night in which a paid answer did not hold the note; null when it is
         *     our own limit that is used up
         */
        record Later(String obstacle, @Nullable Night emptyNight) implements Unanswered {}

        /** Until the call is repeated, within the limits of every note's retries. */
        record Repeated(String obstacle, ProviderReply reply, Deferred.Cause cause)
                implements Unanswered {}

        /** For ever: the request itself is wrong. */
        record Refused(String obstacle, ProviderReply reply) implements Unanswered {}

        /** For the next run, since this one ends. */
        record Ended(String obstacle) implements Unanswered {}
    }
}

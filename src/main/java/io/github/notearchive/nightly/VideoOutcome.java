package io.github.notearchive.nightly;

import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.ProviderReply;
import java.time.Instant;

/**
 * Outcome of fetching the video of a note, classified by the disposition of the note. The other files of the note are
 * collected in every case.
 */
sealed interface VideoOutcome {

    /** No call was required: the recorded status of the video is kept. */
    record NotAsked() implements VideoOutcome {}

    /** The response, bought tonight or before. */
    record Answered(NoteCapture capture) implements VideoOutcome {}

    /** The provider has no video of this note; a repetition would not change that. */
    record NotOffered() implements VideoOutcome {}

    /** The video is pending. A previous response is used meanwhile, if there is one. */
    sealed interface Unanswered extends VideoOutcome {

        String reason();

        /**
         * Postponed to a later night, without counting an attempt.
         *
         * @param until start of that night; may be in the past after midnight
         */
        record Later(String reason, Instant until) implements Unanswered {}

        /** Postponed, within the retry limits of the note. */
        record Repeated(String reason, ProviderReply reply, Deferred.Cause cause) implements Unanswered {}

        /** Permanent: the request is invalid. */
        record Refused(String reason, ProviderReply reply) implements Unanswered {}

        /** Left to the next run, since this one stops. */
        record Ended(String reason) implements Unanswered {}
    }
}

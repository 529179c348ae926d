package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.ProviderReply;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Outcome of fetching the video of a note, classified by the disposition of the note. The other files of the note are
 * collected in every case.
 */
sealed interface VideoOutcome {

    /** No call was required: the recorded status of the video is kept. */
    record NotRequested() implements VideoOutcome {}

    record Found(NoteCapture capture) implements VideoOutcome {}

    /** The provider has no video of this note; a repetition would not change that. */
    record NotOffered() implements VideoOutcome {}

    /** The video is pending. A previous response is used meanwhile, if there is one. */
    sealed interface Unanswered extends VideoOutcome {

        String reason();

        /** Postponed to a later night, whose start may be in the past after midnight, without counting an attempt. */
        record Later(String reason, Instant until) implements Unanswered {}

        /** Postponed, within the retry limits of the note. */
        record Repeated(String reason, ProviderReply reply, FetchOutcome.Deferred.Cause cause) implements Unanswered {}

        /** Permanent: the request is invalid. */
        record Rejected(String reason, ProviderReply reply) implements Unanswered {}

        /** Left to the next run, since this one stops. */
        record Ended(String reason) implements Unanswered {}
    }

    /** Returns whether a new response for a file of this kind was requested and is still pending. */
    default boolean isPendingFor(MediaKind kind) {
        return kind.isOfVideo() && this instanceof Unanswered;
    }

    /** Returns the status of a video that no response offers; null if no call was required. */
    default @Nullable SlotRow statusOf(MediaSlot slot) {
        return switch (this) {
            case NotRequested _, Found _ -> null;
            case NotOffered _ -> SlotRow.waived(slot, MediaSlots.NOT_OFFERED_BY_V6);
            case Unanswered waiting -> SlotRow.missing(slot, Gap.NO_ANSWER, waiting.reason(), null);
        };
    }
}

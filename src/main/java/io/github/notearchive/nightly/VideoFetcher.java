package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.nightly.VideoOutcome.Unanswered;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the video of a note whose own response offers none, with a second call.
 *
 * <p>A call is made only for notes of type {@code video} whose response has no stream, while the video is neither
 * stored nor waived, or an audit found it damaged. That the provider has no video is final until the note is requeued.
 */
record VideoFetcher(MediaCatalog catalog, CallLedger ledger, NoteFetcher fetcher, RunState run) {

    // all lines about the decision on a note use one logger
    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    /**
     * Fetches the note's video if a call is required. If the outcome stops the run, the note's other files are
     * collected nevertheless.
     */
    VideoOutcome fetch(NewNote note, NoteCapture capture) throws InterruptedException {
        if (!isCallRequired(note, capture)) {
            return known(capture);
        }
        FetchOutcome outcome;
        try {
            outcome = fetcher.video(note, capture);
        } catch (CallsEndedException e) {
            fetcher.awaitEnd(e);
            return new Unanswered.Ended("its video was not fetched: " + e.getMessage());
        }
        return switch (outcome) {
            case FetchOutcome.Found(var response) -> new VideoOutcome.Found(response);
            // a success code without a video is accepted only on a second night
            case FetchOutcome.Missing(var _, var certain)
            when certain || ledger.wasMissingBefore(note.id(), Endpoint.VIDEO, run.tonight()) ->
                new VideoOutcome.NotOffered();
            case FetchOutcome.Missing(var reply, var _) ->
                new Unanswered.Later(
                        "not in the answer: " + reply + "; checked again in a later night",
                        run.tonight().ends());
            case FetchOutcome.Rejected(var reply) -> {
                log.warn("Note {}: the provider rejected the request for its video, {}; not retried", note.id(), reply);
                yield new Unanswered.Rejected("the call for it was rejected: " + reply, reply);
            }
            case FetchOutcome.Deferred(var reply, var cause) ->
                new Unanswered.Repeated("the call for it: " + reply, reply, cause);
            case FetchOutcome.Exhausted exhausted
            when exhausted.limit() == CallKind.VIDEO -> new Unanswered.Later(exhausted.reason(), exhausted.until());
            case FetchOutcome.Exhausted exhausted -> new Unanswered.Ended(fetcher.stop(exhausted, "for a video: "));
            case FetchOutcome.Outstanding call ->
                new Unanswered.Later(call.reason(), run.tonight().ends());
            case FetchOutcome.Unclaimed _ -> new Unanswered.Ended(NoteFetcher.CLAIM_LOST);
            case FetchOutcome.Blocked blocked -> new Unanswered.Ended(fetcher.stop(blocked, "for a video: "));
        };
    }

    private boolean isCallRequired(NewNote note, NoteCapture detail) {
        return run.settings.videos().enabled()
                && MediaSlots.lacksVideo(detail)
                && !isSettled(catalog.slotsOf(detail.id()), note.claimed().state() == NoteState.PENDING);
    }

    private static boolean isSettled(List<SlotRow> rows, boolean isNew) {
        boolean isAnyWanted = rows.stream()
                .filter(row -> row.kind().isOfVideo())
                .anyMatch(row -> row.isMissing() || row.damage() != null || (isNew && row.isLesser()));
        return !isAnyWanted
                && rows.stream()
                        .filter(row -> row.kind() == MediaKind.VIDEO)
                        .anyMatch(row -> !MediaSlots.NOT_OFFERED_BY_V1.equals(row.reason())
                                && !(isNew && MediaSlots.NOT_OFFERED_BY_V6.equals(row.reason())));
    }

    /** Returns the outcome without a call. */
    VideoOutcome known(NoteCapture detail) {
        return Optional.of(detail)
                .filter(MediaSlots::lacksVideo)
                .flatMap(_ -> ledger.fresh(detail.id(), Endpoint.VIDEO))
                .<VideoOutcome>map(VideoOutcome.Found::new)
                .orElseGet(VideoOutcome.NotRequested::new);
    }

    /** Returns the response with the valid URLs: the new one, or the previous one while a call is pending. */
    Optional<NoteCapture> responseOf(NoteCapture detail, VideoOutcome outcome) {
        return switch (outcome) {
            case VideoOutcome.Found(var capture) -> Optional.of(capture);
            case Unanswered _ -> ledger.heldVideo(detail);
            case VideoOutcome.NotRequested _, VideoOutcome.NotOffered _ -> Optional.empty();
        };
    }

    /**
     * Returns the response of a note that lacks only its video, of any age: no new one is bought for a video that it
     * does not contain.
     */
    Optional<NoteCapture> detailOfWaiting(NoteId id) {
        List<SlotRow> rows = catalog.slotsOf(id);
        boolean onlyVideo = rows.stream().anyMatch(SlotRow::isMissing)
                && rows.stream().allMatch(row -> row.kind().isOfVideo() || !row.isMissing());
        return onlyVideo ? ledger.held(id, Endpoint.DETAIL).filter(MediaSlots::lacksVideo) : Optional.empty();
    }
}

package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.CollectedMedia.MediaEvent;
import io.github.notearchive.nightly.NoteFetcher.VideoOutcome.Unanswered;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderReply;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches claimed notes and their videos, detects outages from responses and downloads, and stops the run for quotas,
 * blocked accounts and outages.
 *
 * <p>A video needs a second call if the note is of type {@code video} and its own response has no stream, while the
 * video is neither stored nor waived, or an audit found it damaged. That the provider has no video is final until the
 * note is requeued.
 */
final class NoteFetcher {

    // all lines about the decision on a note use one logger
    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    static final String CLAIM_LOST = "its claim was lost while it waited for the rate limit";

    private final CallLedger ledger;
    private final JustOneApiClient provider;
    private final QuotaHolds quotaHolds;
    private final MediaCatalog catalog;
    private final RunState run;

    NoteFetcher(
            CallLedger ledger, JustOneApiClient provider, QuotaHolds quotaHolds, MediaCatalog catalog, RunState run) {
        this.ledger = ledger;
        this.provider = provider;
        this.quotaHolds = quotaHolds;
        this.catalog = catalog;
        this.run = run;
    }

    /**
     * Fetches a note that is new or due for a refresh. Uses a response of any age for a new note that lacks only its
     * video: no new one is bought for a video that it does not contain. A refresh uses responses since it was due.
     */
    FetchOutcome fetch(WorklistItem note) throws InterruptedException {
        Night due = note.refreshNight();
        if (due != null) {
            return fetch(() -> ledger.refresh(request(note, true), due.begins()));
        }
        if (note.state() == NoteState.POSTPONED && note.row().responseHeld()) {
            List<SlotRow> rows = catalog.slotsOf(note.id());
            boolean lacksOnlyVideo = rows.stream().anyMatch(SlotRow::isMissing)
                    && rows.stream().allMatch(row -> row.kind().isOfVideo() || !row.isMissing());
            Optional<NoteCapture> held = lacksOnlyVideo
                    ? ledger.held(note.id(), Endpoint.DETAIL).filter(MediaSlots::lacksVideo)
                    : Optional.empty();
            if (held.isPresent()) {
                return new FetchOutcome.Found(held.get());
            }
        }
        return fetch(() -> ledger.fetch(request(note, note.hasCalls())));
    }

    private static FetchRequest request(WorklistItem note, boolean hasCalls) {
        return new FetchRequest(note.id(), note.claim(), hasCalls, note.row().settledAt());
    }

    private interface ProviderRequest {
        FetchOutcome send() throws InterruptedException;
    }

    /** Fetches, and records a success of the provider unless the response came from the ledger. */
    private FetchOutcome fetch(ProviderRequest request) throws InterruptedException {
        long before = System.nanoTime();
        FetchOutcome outcome = request.send();
        boolean isFault = outcome instanceof FetchOutcome.Deferred(var _, var cause)
                && cause == FetchOutcome.Deferred.DeferralCause.FAULT;
        // earlier calls may have succeeded while this one failed
        if (!isFault && provider.hasAnsweredSince(before)) {
            run.provider.works();
        }
        return outcome;
    }

    /**
     * Fetches the note's video if a call is required. If the outcome stops the run, the note's other files are
     * collected nevertheless.
     */
    VideoOutcome video(WorklistItem note, NoteCapture capture) throws InterruptedException {
        if (!isCallRequired(note, capture)) {
            return knownVideo(capture);
        }
        FetchOutcome outcome;
        try {
            outcome = fetch(() -> ledger.fetchVideo(request(note, true), capture));
        } catch (CallsEndedException e) {
            stopAfter(e);
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
            case FetchOutcome.Ending ending -> new Unanswered.Ended(stop(ending, "for a video: "));
            case FetchOutcome.Outstanding call ->
                new Unanswered.Later(call.reason(), run.tonight().ends());
            case FetchOutcome.Unclaimed _ -> new Unanswered.Ended(CLAIM_LOST);
        };
    }

    private boolean isCallRequired(WorklistItem note, NoteCapture detail) {
        return run.settings.videos().enabled()
                && MediaSlots.lacksVideo(detail)
                && !isSettled(catalog.slotsOf(detail.id()), note.state() == NoteState.PENDING);
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

    VideoOutcome knownVideo(NoteCapture detail) {
        return Optional.of(detail)
                .filter(MediaSlots::lacksVideo)
                .flatMap(_ -> ledger.fresh(detail.id(), Endpoint.VIDEO))
                .<VideoOutcome>map(VideoOutcome.Found::new)
                .orElseGet(VideoOutcome.NotRequested::new);
    }

    /** Returns the response with the valid URLs: the new one, or the previous one while a call is pending. */
    Optional<NoteCapture> videoResponse(NoteCapture detail, VideoOutcome outcome) {
        return switch (outcome) {
            case VideoOutcome.Found(var capture) -> Optional.of(capture);
            case Unanswered _ -> ledger.heldVideo(detail);
            case VideoOutcome.NotRequested _, VideoOutcome.NotOffered _ -> Optional.empty();
        };
    }

    /**
     * Stops the run because no further call is possible; returns the reason.
     *
     * @param occasion prefix of the reason for calls other than note fetches
     */
    String stop(FetchOutcome.Ending ending, String occasion) {
        String reason = occasion;
        switch (ending) {
            case FetchOutcome.Exhausted exhausted -> {
                reason += exhausted.reason();
                if (exhausted.limit() == null) {
                    String quota = occasion + exhausted.quota();
                    quotaHolds.close(ProviderCode.DAILY_QUOTA.number(), quota, exhausted.until(), run.jobExecutionId());
                    run.stopper.close(ExitCode.QUOTA_EXHAUSTED, reason);
                } else {
                    run.stopper.closeAtOwnLimit(reason);
                }
            }
            case FetchOutcome.Blocked(var reply) -> {
                reason += reply;
                Integer code = reply.code();
                run.stopper.close(ExitCode.blockedBy(code == null ? 0 : code), reason);
            }
        }
        return reason;
    }

    /** Records an error of the provider and returns whether it is an outage, which stops the run. */
    boolean isOutage(ProviderReply reply, FetchOutcome.Deferred.DeferralCause cause) {
        boolean outage = switch (cause) {
            case NOT_COLLECTED, NOT_RESET -> false;
            case FAULT -> run.provider.fails();
            case THROTTLED -> run.provider.struggles();
        };
        if (outage) {
            stopForErrorsOf("the provider has", String.valueOf(reply));
        }
        return outage;
    }

    /**
     * Records the result of the media hosts, and stops the run during an outage.
     *
     * <p>URLs of an earlier night may have expired, but those of tonight are valid: hosts that serve none of them for
     * many notes in a row have failed or block this node. Files that were already dead by the response of an earlier
     * night do not count: a note whose response is bought again requests only such files.
     */
    void watchHosts(CollectedMedia collected) {
        if (collected.met(MediaEvent.SERVED)) {
            run.cdn.works();
            return;
        }
        boolean isRefused = collected.met(MediaEvent.DEAD) && ledger.isRecent(collected.capture());
        if ((collected.met(MediaEvent.RETRY_SOON) || isRefused) && run.cdn.fails()) {
            stopForErrorsOf("the media hosts have", collected.detail());
        }
    }

    private void stopForErrorsOf(String server, String last) {
        run.stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, server + " only returned errors for a while, last " + last);
    }

    boolean isWithoutCalls() {
        return run.withoutCalls.isPresent() && !run.stopper.isClosed();
    }

    /**
     * Stops the run after its calls have ended: the worker that received the final response may not have been able to,
     * since the database was unavailable. Otherwise the note would be claimed again.
     */
    void stopAfter(CallsEndedException e) {
        if (isWithoutCalls() || run.stopper.isClosed()) {
            return;
        }
        Optional<FetchOutcome.Ending> ending = provider.ending();
        if (ending.isPresent()) {
            String _ = stop(ending.get(), "");
        } else {
            run.stopper.close(ExitCode.FAILED, "calls ended without a reason: " + e.getMessage());
        }
    }

    /**
     * Outcome of fetching the video of a note, classified by the disposition of the note. The other files of the note
     * are collected in every case.
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

            /**
             * Postponed to a later night, whose start may be in the past after midnight, without counting an attempt.
             */
            record Later(String reason, Instant until) implements Unanswered {}

            /** Postponed, within the retry limits of the note. */
            record Repeated(String reason, ProviderReply reply, FetchOutcome.Deferred.DeferralCause cause)
                    implements Unanswered {}

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
}

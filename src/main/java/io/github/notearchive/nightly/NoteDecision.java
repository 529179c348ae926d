package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.Transition.Cause.because;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.failed;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.postponed;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.nightly.CollectedMedia.MediaEvent;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Settled;
import io.github.notearchive.nightly.NoteFetcher.VideoOutcome.Unanswered;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.ProviderReply;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about a claimed note by the outcome of its call and by its media, which it collects. An archived note keeps
 * its content; it is refreshed, or better renditions are tried.
 */
final class NoteDecision {

    // all lines about the decision on a note use one logger
    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private final NoteFetcher fetcher;
    private final MediaCollector media;
    private final PaidResponses paid;
    private final CallLedger ledger;
    private final ErasureList erasures;
    private final PostponementPolicy retries;
    private final RunState run;

    NoteDecision(
            NoteFetcher fetcher,
            MediaCollector media,
            PaidResponses paid,
            CallLedger ledger,
            ErasureList erasures,
            PostponementPolicy retries,
            RunState run) {
        this.fetcher = fetcher;
        this.media = media;
        this.paid = paid;
        this.ledger = ledger;
        this.erasures = erasures;
        this.retries = retries;
        this.run = run;
    }

    /**
     * Handles a note that needs a call: released; in a run without calls postponed to the next night, since it would be
     * due again immediately.
     */
    Disposition withoutCall(WorklistItem item, @Nullable CollectedMedia files, String reason) {
        if (item.isNew() && fetcher.isWithoutCalls()) {
            Cause cause = because(StateReason.CALLS_ENDED, reason).withMissingNight(item.missingNight());
            Instant tomorrow = run.tonight().ends();
            return new Settled(item, files, postponed(tomorrow, cause.withResponseHeld(true)));
        }
        return new Released(item, files, reason);
    }

    Disposition decide(WorklistItem item, FetchOutcome outcome) throws InterruptedException {
        String occasion = item.isRefresh() ? "for a refresh: " : "";
        return switch (outcome) {
            case FetchOutcome.Found(var capture)
            when erasures.covers(capture.id(), NoteCatalog.authorOf(capture).orElse(null)) -> new Erased(item);
            case FetchOutcome.Found(var capture) -> collect(item, capture);
            case FetchOutcome.Missing(var reply, var certain) ->
                new Settled(item, null, retries.absent(item, reply, certain));
            case FetchOutcome.Rejected(var reply) -> new Settled(item, null, retries.rejected(item, reply));
            case FetchOutcome.Deferred(var reply, var cause) ->
                deferred(item, reply, cause, because(StateReason.PROVIDER_ERROR, reply.toString()), null);
            case FetchOutcome.Exhausted exhausted
            when exhausted.limit() == CallKind.REFRESH -> new Released(item, null, exhausted.reason());
            case FetchOutcome.Ending ending -> new Released(item, null, fetcher.stop(ending, occasion));
            case FetchOutcome.Unclaimed _ -> new Released(item, null, NoteFetcher.CLAIM_LOST);
            case FetchOutcome.Outstanding call -> new Settled(item, null, retries.outstanding(item, call));
        };
    }

    private Disposition deferred(
            WorklistItem item,
            ProviderReply reply,
            FetchOutcome.Deferred.DeferralCause deferral,
            Cause cause,
            @Nullable CollectedMedia files) {
        boolean isOutage = fetcher.isOutage(reply, deferral);
        if (deferral.isPause() || (isOutage && item.isRefresh())) {
            return new Released(item, files, String.valueOf(cause.detail()));
        }
        boolean isUnreadableAgain = reply.isUnreadable()
                && paid.countUnreadable(item.id(), run.tonight().begins()) > 1;
        Cause failure = cause.withCode(reply.code()).withResponseHeld(files != null);
        return new Settled(item, files, retries.forCall(item, failure, !isUnreadableAgain));
    }

    private Disposition collect(WorklistItem item, NoteCapture capture) throws InterruptedException {
        return item.isNew()
                ? conclude(item, media.collect(capture, fetcher.video(item, capture), !item.hasCalls()))
                : keepArchived(item, capture);
    }

    /**
     * Records which responses have expired URLs. A note whose response of an earlier night has some is due at once: its
     * files are stored, and the next claim buys a new response.
     */
    private Disposition conclude(WorklistItem note, CollectedMedia files) {
        if (files.met(MediaEvent.NO_ROOM)) {
            return disposition(note, files);
        }
        List<NoteCapture> outdated = files.expiredResponses();
        if (note.state() != NoteState.PENDING) {
            files.responses().stream()
                    .filter(response -> !outdated.contains(response))
                    .forEach(response -> paid.clearUrlsExpired(response.callId()));
        }
        List<NoteCapture> replaceable = outdated.stream()
                .filter(response -> !files.isReplacementPending(response))
                .toList();
        if (!replaceable.isEmpty() && !run.settings.ledger().buyAgain()) {
            String detail = files.detail() + "; no new response is bought, since archive.ledger.buy-again is false";
            return files.met(MediaEvent.RETRY_SOON)
                    ? disposition(note, files)
                    : new Settled(note, files, PostponementPolicy.incomplete(note.id(), detail));
        }
        outdated.forEach(response -> paid.markUrlsExpired(response.callId(), run.now()));
        Optional<NoteCapture> old = replaceable.stream()
                .filter(response -> !ledger.isRecent(response))
                .findFirst();
        if (old.isEmpty() || files.videoOutcome() instanceof Unanswered.Repeated) {
            return disposition(note, files);
        }
        log.info(
                "Note {}: URLs of the response of {} have expired, {}; the next claim buys a new response",
                note.id(),
                Night.local(old.get().capturedAt()),
                files.detail());
        boolean isVideoOnly = !old.get().equals(files.capture());
        Cause cause = because(StateReason.URLS_EXPIRED, files.detail()).withResponseHeld(isVideoOnly);
        return new Settled(note, files, postponed(run.now(), cause));
    }

    private Disposition disposition(WorklistItem note, CollectedMedia files) {
        fetcher.watchHosts(files);
        boolean isEnding = run.stopper.isClosed();
        if (files.met(MediaEvent.NO_ROOM)) {
            return new Released(note, files, "the spool had no room for a file");
        }
        if (files.isComplete()) {
            boolean isRetried = files.met(MediaEvent.RETRY_BETTER);
            return isRetried && isEnding
                    ? new Released(note, files, "the run ended before the best rendition came")
                    : new Settled(note, files, retries.complete(note, files, isRetried));
        }
        if (files.videoOutcome() instanceof Unanswered waiting
                && (files.waitsOnlyForVideo() || !(waiting instanceof Unanswered.Later))) {
            return waitingForVideo(note, files, waiting);
        }
        if (isEnding && files.met(MediaEvent.RETRY_SOON)) {
            // the downloads may have been aborted by the end of the run: no attempt is counted
            return new Released(note, files, "the run ended while files were missing");
        }
        Transition transition = files.isPermanentlyIncomplete()
                ? PostponementPolicy.incomplete(note.id(), files.detail())
                : retries.forMedia(note, files.reason(), files.detail(), files.met(MediaEvent.RETRY_SOON));
        return new Settled(note, files, transition);
    }

    /** Decides about a note that lacks its video and has its other files as far as possible. */
    private Disposition waitingForVideo(WorklistItem note, CollectedMedia files, Unanswered waiting) {
        String newResponse = files.video() == null ? "" : "; a new response, " + waiting.reason();
        String detail = files.detail() + newResponse;
        StateReason reason =
                files.reason() == StateReason.URLS_EXPIRED ? StateReason.URLS_EXPIRED : StateReason.VIDEO_PENDING;
        return switch (waiting) {
            case Unanswered.Later(var _, var until) ->
                new Settled(
                        note, files, postponed(until, because(reason, detail).withResponseHeld(true)));
            case Unanswered.Repeated(var _, var reply, var cause) ->
                deferred(note, reply, cause, because(reason, detail), files);
            case Unanswered.Rejected(var _, var reply) -> {
                Cause rejected = because(StateReason.MEDIA_INCOMPLETE, detail).withCode(reply.code());
                yield new Settled(note, files, failed(rejected).counting(Counter.CALL));
            }
            case Unanswered.Ended(var why) -> withoutCall(note, files, why);
        };
    }

    /**
     * Tries better renditions of an archived note, and files missing after a refresh, from existing responses. Buys
     * nothing.
     */
    Disposition upgrade(WorklistItem note) throws InterruptedException {
        Optional<NoteCapture> detail = ledger.fresh(note.id(), Endpoint.DETAIL)
                .or(() ->
                        ledger.fresh(note.id(), Endpoint.VIDEO).flatMap(_ -> ledger.held(note.id(), Endpoint.DETAIL)));
        return detail.isPresent()
                ? keepArchived(note, detail.get())
                : new Settled(note, null, retries.archived(false, Cause.NONE));
    }

    /**
     * Collects files of a note that stays archived. A file of the new response that is missing is retried while that
     * response is fresh.
     */
    private Disposition keepArchived(WorklistItem item, NoteCapture capture) throws InterruptedException {
        CollectedMedia files = media.collect(capture, fetcher.knownVideo(capture), false);
        fetcher.watchHosts(files);
        if (files.isComplete()) {
            // URLs of an earlier night are tried once a night
            boolean again = files.met(MediaEvent.RETRY_BETTER) && ledger.isRecent(capture);
            return new Settled(item, files, retries.complete(item, files, again));
        }
        String detail = "a file of the response of %s is missing, %s".formatted(capture.capturedAt(), files.detail());
        log.warn("Note {}: stays archived, but {}", item.id(), detail);
        return new Settled(item, media.keep(files), retries.archivedWithout(files, detail));
    }
}

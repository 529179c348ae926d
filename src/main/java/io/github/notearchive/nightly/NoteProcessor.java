package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.Disposition.Archived;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Failed;
import io.github.notearchive.nightly.Disposition.Kept;
import io.github.notearchive.nightly.Disposition.Postponed;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Unavailable;
import io.github.notearchive.nightly.VideoOutcome.Unanswered;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Rejected;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import io.github.notearchive.provider.ProviderReply;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ItemProcessor;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Processes one claimed note: fetches it unless the ledger has a usable response, then collects its media. Returns
 * exactly one disposition per note.
 */
@Component
class NoteProcessor implements ItemProcessor<WorklistItem, Disposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private static final String NO_ROOM = "the spool had no room for a file";

    private final NoteFetcher fetcher;
    private final RunHealth health;
    private final PaidResponses paid;
    private final CallLedger ledger;
    private final ErasureList forgotten;
    private final MediaCollector media;
    private final VideoFiles videos;
    private final VideoFetcher videoFetcher;
    private final PostponementPolicy retries;
    private final LedgerProperties ledgerSettings;
    private final OutageRetry outages;
    private final CallRepository calls;
    private final Clock clock;

    NoteProcessor(
            NoteFetcher fetcher,
            RunHealth health,
            PaidResponses paid,
            CallLedger ledger,
            ErasureList forgotten,
            MediaCollector media,
            VideoFiles videos,
            VideoFetcher videoFetcher,
            PostponementPolicy retries,
            LedgerProperties ledgerSettings,
            OutageRetry outages,
            CallRepository calls,
            Clock clock) {
        this.fetcher = fetcher;
        this.health = health;
        this.paid = paid;
        this.ledger = ledger;
        this.forgotten = forgotten;
        this.media = media;
        this.videos = videos;
        this.videoFetcher = videoFetcher;
        this.retries = retries;
        this.ledgerSettings = ledgerSettings;
        this.outages = outages;
        this.calls = calls;
        this.clock = clock;
    }

    @Override
    public Disposition process(WorklistItem claimed) {
        return outages.call(() -> disposition(claimed), () -> {
            // its response may be in a spool file, and would be bought again
            calls.persistSpooled(claimed.id());
            return disposition(claimed);
        });
    }

    /**
     * Handles a note that needs a call in a run without calls: it is postponed to the next night, since it would be due
     * again immediately.
     */
    private Disposition withoutCall(WorklistItem claimed, @Nullable CollectedMedia files, String reason) {
        if (claimed.state() == NoteState.ARCHIVED || !health.isWithoutCalls()) {
            return new Released(claimed, files, reason);
        }
        return new Postponed(
                claimed,
                files,
                new StateTransition(
                        NoteState.POSTPONED,
                        Counter.NONE,
                        Night.current(clock).ends(),
                        0,
                        StateReason.CALLS_ENDED,
                        reason,
                        claimed.missingNight(),
                        true));
    }

    private Disposition disposition(WorklistItem claimed) {
        try {
            if (claimed.refreshNight() != null) {
                return refresh(claimed, claimed.refreshNight());
            }
            return claimed.state() == NoteState.ARCHIVED ? improve(claimed) : decide(claimed, detail(claimed), null);
        } catch (CallsEndedException e) {
            return releasedAtEnd(claimed, null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Released(claimed, null, "interrupted");
        } catch (DataAccessException | TransactionException e) {
            if (!health.continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back a statement: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", claimed.id(), reason);
            return new Released(claimed, null, reason);
        } catch (RuntimeException e) {
            log.warn("Note {}: its response could not be processed; postponed", claimed.id(), e);
            if (claimed.refreshNight() != null) {
                return new Kept(
                        claimed, retries.forRefresh(claimed, null, StateReason.INTERNAL_ERROR, e.toString(), true));
            }
            if (claimed.state() == NoteState.ARCHIVED) {
                return new Archived(claimed, null, PostponementPolicy.archived(null));
            }
            return postpone(claimed, null, retries.forMedia(claimed, StateReason.INTERNAL_ERROR, e.toString(), true));
        }
    }

    /** Returns the response of a note that lacks only its video; otherwise fetches the note. */
    private FetchOutcome detail(WorklistItem claimed) throws InterruptedException {
        Optional<NoteCapture> held =
                claimed.state() == NoteState.POSTPONED ? videos.detailOfWaiting(claimed.id()) : Optional.empty();
        return held.isPresent() ? new Found(held.get()) : fetcher.detail(claimed);
    }

    /**
     * Releases a note after the calls have ended. Waits for the gate, which closes shortly afterwards; otherwise the
     * note would be claimed again.
     */
    private Disposition releasedAtEnd(WorklistItem claimed, @Nullable CollectedMedia files, CallsEndedException e) {
        health.awaitEnd(e);
        return withoutCall(claimed, files, String.valueOf(e.getMessage()));
    }

    private Disposition decide(WorklistItem claimed, FetchOutcome outcome, @Nullable CollectionResult before)
            throws InterruptedException {
        CollectedMedia files = before == null ? null : before.files();
        return switch (outcome) {
            case Found(var capture) when isForgotten(capture) -> forgotten(claimed, before);
            case Found(var capture) ->
                before == null ? collect(claimed, capture) : collectAgain(claimed, capture, before);
            case Missing(var reply, var certain) -> missing(claimed, reply, certain, files);
            case Rejected(var reply) -> {
                log.warn("Note {}: the provider rejected the request, {}; not retried", claimed.id(), reply);
                yield new Failed(
                        claimed, files, PostponementPolicy.failed(reply, StateReason.REJECTED, reply.toString()));
            }
            case Deferred(var reply, var cause) ->
                deferred(claimed, reply, cause, StateReason.PROVIDER_ERROR, reply.toString(), files);
            case Exhausted exhausted -> new Released(claimed, files, health.stop(exhausted, ""));
            case Unclaimed _ -> new Released(claimed, files, NoteFetcher.CLAIM_LOST);
            case Outstanding(var call) ->
                new Postponed(claimed, files, retries.outstanding(claimed, call, files != null));
            case Blocked blocked -> new Released(claimed, files, health.stop(blocked, ""));
        };
    }

    private boolean isForgotten(NoteCapture capture) {
        return forgotten.covers(capture.id(), NoteCatalog.authorOf(capture).orElse(null));
    }

    private static Erased forgotten(WorklistItem claimed, @Nullable CollectionResult before) {
        if (before != null) {
            before.files().close();
        }
        return new Erased(claimed);
    }

    /**
     * Returns whether an earlier night reported the note as absent, by worklist or ledger: a process may have died
     * before settling the note.
     */
    private boolean wasMissingBefore(WorklistItem claimed, Night tonight) {
        return claimed.wasMissingBefore(tonight).isPresent() || ledger.wasMissingBefore(claimed.id(), tonight);
    }

    private Disposition missing(
            WorklistItem claimed, ProviderReply reply, boolean certain, @Nullable CollectedMedia files) {
        Night tonight = Night.current(clock);
        if (!certain && !wasMissingBefore(claimed, tonight)) {
            StateTransition later = new StateTransition(
                    NoteState.POSTPONED,
                    Counter.NONE,
                    tonight.ends(),
                    reply.code(),
                    StateReason.NOTE_ABSENT,
                    reply + "; checked again in a later night",
                    tonight,
                    false);
            return new Postponed(claimed, files, later);
        }
        return new Unavailable(claimed, files, retries.unavailable(reply));
    }

    private Disposition deferred(
            WorklistItem claimed,
            ProviderReply reply,
            Deferred.Cause cause,
            StateReason reason,
            String detail,
            @Nullable CollectedMedia files) {
        boolean _ = health.isOutage(reply, cause);
        if (cause.isPause()) {
            return new Released(claimed, files, detail);
        }
        StateTransition transition =
                retries.forCall(claimed, reply, reason, detail, files != null, !isUnreadableAgain(claimed, reply));
        if (transition.state() == NoteState.FAILED) {
            log.warn("Note {}: failed permanently after {} calls: {}", claimed.id(), claimed.attempts() + 1, detail);
        }
        return postpone(claimed, files, transition);
    }

    /** Returns whether two responses of tonight were unreadable. */
    private boolean isUnreadableAgain(WorklistItem claimed, ProviderReply reply) {
        return reply.isUnreadable()
                && paid.countUnreadable(claimed.id(), Night.current(clock).begins()) > 1;
    }

    private Disposition collect(WorklistItem claimed, NoteCapture capture) throws InterruptedException {
        CollectionResult collected = media.collect(capture, videoFetcher.answer(claimed, capture));
        try {
            return conclude(claimed, capture, collected);
        } catch (InterruptedException | RuntimeException e) {
            collected.files().close(); // no caller uses the downloads
            throw e;
        }
    }

    /** Buys a new response if that may deliver missing files. */
    private Disposition conclude(WorklistItem claimed, NoteCapture capture, CollectionResult collected)
            throws InterruptedException {
        if (collected.noRoom()) {
            return disposition(claimed, collected);
        }
        List<NoteCapture> outdated = collected.expiredResponses();
        if (claimed.state() != NoteState.PENDING) {
            collected.files().answers().stream()
                    .filter(answer -> !outdated.contains(answer))
                    .forEach(answer -> paid.clearUrlsExpired(answer.callId()));
        }
        List<NoteCapture> replaceable = outdated.stream()
                .filter(answer -> !collected.isReplacementPending(answer))
                .toList();
        if (!replaceable.isEmpty() && !ledgerSettings.buyAgain()) {
            return withoutNewAnswer(claimed, collected);
        }
        outdated.forEach(answer -> paid.markUrlsExpired(answer.callId(), clock.instant()));
        List<NoteCapture> old =
                replaceable.stream().filter(answer -> !ledger.isRecent(answer)).toList();
        if (old.isEmpty() || health.isRunEnding()) {
            return disposition(claimed, collected);
        }
        // the response is of an earlier night, so its URLs may have expired: buy one new response
        log.info(
                "Note {}: URLs of the response of {} have expired, {}; buying a new response",
                claimed.id(),
                old.getFirst().capturedAt(),
                collected.detail());
        try {
            return old.contains(capture)
                    ? decide(claimed, fetcher.detail(claimed), collected)
                    : collectAgain(claimed, capture, collected);
        } catch (CallsEndedException e) {
            return releasedAtEnd(claimed, collected.files(), e);
        }
    }

    /**
     * Refreshes an archived note. The note keeps its content; only a confirmed absence changes its state. One fetch per
     * night.
     */
    private Disposition refresh(WorklistItem claimed, Night due) throws InterruptedException {
        FetchOutcome outcome = fetcher.refresh(claimed, due);
        return switch (outcome) {
            case Found(var capture) when isForgotten(capture) -> new Erased(claimed);
            case Found(var capture) -> archived(claimed, media.collect(capture, videos.known(capture)));
            case Missing(var reply, var certain) -> new Kept(claimed, noLongerThere(claimed, reply, certain));
            case Rejected(var reply) -> {
                log.warn(
                        "Note {}: the provider rejected the request for a refresh, {}; it stays archived",
                        claimed.id(),
                        reply);
                yield new Kept(claimed, retries.rejectedRefresh(claimed, reply));
            }
            case Deferred(var reply, var cause) ->
                health.isOutage(reply, cause) || cause.isPause()
                        ? new Released(claimed, null, String.valueOf(reply))
                        : new Kept(
                                claimed,
                                retries.forRefresh(
                                        claimed, reply.code(), StateReason.PROVIDER_ERROR, reply.toString(), false));
            case Exhausted(var quota, var whose, var until)
            when whose == Exhausted.Whose.OURS_FOR_REFRESHES ->
                new Released(claimed, null, quota + " is used up until " + Night.local(until));
            case Exhausted exhausted -> new Released(claimed, null, health.stop(exhausted, "for a refresh: "));
            case Unclaimed _ -> new Released(claimed, null, NoteFetcher.CLAIM_LOST);
            case Outstanding(var call) -> new Kept(claimed, retries.outstandingRefresh(claimed, call));
            case Blocked blocked -> new Released(claimed, null, health.stop(blocked, "for a refresh: "));
        };
    }

    /** Returns the refresh result of an absent note, by the same evidence as for other notes. */
    private RefreshResult noLongerThere(WorklistItem claimed, ProviderReply reply, boolean certain) {
        Night tonight = Night.current(clock);
        return certain || wasMissingBefore(claimed, tonight)
                ? retries.gone(reply)
                : new RefreshResult(
                        claimed.state(),
                        Night.of(tonight.ends()),
                        claimed.refreshAttempts(),
                        reply.code(),
                        StateReason.NOTE_ABSENT,
                        "refresh failed: " + reply + "; checked again in a later night",
                        tonight,
                        false);
    }

    /**
     * Decides about a note that stays archived. A file of the new response that is missing is retried while that
     * response is fresh.
     */
    private Disposition archived(WorklistItem claimed, CollectionResult collected) throws InterruptedException {
        try {
            return stillArchived(claimed, collected);
        } catch (RuntimeException | InterruptedException e) {
            collected.files().close();
            throw e;
        }
    }

    private Disposition stillArchived(WorklistItem claimed, CollectionResult collected) throws InterruptedException {
        health.watchHosts(collected);
        if (collected.noRoom()) {
            return archivedWithoutRoom(claimed, collected);
        }
        if (collected.isComplete()) {
            // URLs of an earlier night are tried once a night
            StateTransition transition = Optional.of(collected)
                    .filter(CollectionResult::retryBetter)
                    .filter(c -> ledger.isRecent(c.files().capture()))
                    .flatMap(c -> retries.forBetter(claimed, c.lesserDetail()))
                    .orElseGet(() -> PostponementPolicy.archived(lookAgain(collected)));
            return new Archived(claimed, collected.files(), transition);
        }
        Instant tomorrow = Night.current(clock).ends();
        NoteCapture answer = collected.files().capture();
        boolean again = ledger.freshUntil(answer).isAfter(tomorrow);
        String detail = "a file of the response of " + answer.capturedAt() + " is missing, " + collected.detail();
        log.warn("Note {}: stays archived, but {}", claimed.id(), detail);
        return new Archived(
                claimed,
                media.keep(collected).files(),
                new StateTransition(
                        NoteState.ARCHIVED,
                        Counter.NONE,
                        again ? tomorrow : null,
                        0,
                        collected.reason(),
                        detail,
                        null,
                        again));
    }

    /** Keeps the files of an archived note, old and new; it is due immediately, since only the spool was full. */
    private Disposition archivedWithoutRoom(WorklistItem claimed, CollectionResult collected)
            throws InterruptedException {
        awaitRoom(collected);
        return new Archived(
                claimed,
                media.keep(collected).files(),
                new StateTransition(
                        NoteState.ARCHIVED,
                        Counter.NONE,
                        clock.instant(),
                        0,
                        StateReason.MEDIA_PENDING,
                        NO_ROOM,
                        null,
                        true));
    }

    /** Waits for room, unless files of this note fill the spool, which are stored and removed next. */
    private void awaitRoom(CollectionResult collected) throws InterruptedException {
        if (!collected.hasSpooledFiles()) {
            media.awaitRoom();
        }
    }

    /**
     * Tries better renditions of an archived note, and files missing after a refresh, from existing responses. Buys
     * nothing.
     */
    private Disposition improve(WorklistItem claimed) throws InterruptedException {
        Optional<NoteCapture> detail = ledger.fresh(claimed.id())
                .or(() -> ledger.freshVideo(claimed.id()).flatMap(_ -> ledger.held(claimed.id())));
        return detail.isPresent()
                ? archived(claimed, media.collect(detail.get(), videos.known(detail.get())))
                : new Archived(claimed, null, PostponementPolicy.archived(null));
    }

    /** Returns when a lesser rendition is tried again; null if there is none, or its response is too old. */
    private @Nullable Instant lookAgain(CollectionResult collected) {
        Instant tomorrow = Night.current(clock).ends();
        return collected.responsesWithBetterRendition().stream()
                        .anyMatch(answer -> ledger.freshUntil(answer).isAfter(tomorrow))
                ? tomorrow
                : null;
    }

    /** Decides about a note with expired URLs for which no new response may be bought. */
    private Disposition withoutNewAnswer(WorklistItem claimed, CollectionResult collected) throws InterruptedException {
        return collected.retrySoon()
                ? disposition(claimed, collected)
                : new Failed(
                        claimed,
                        collected.files(),
                        PostponementPolicy.incomplete(collected.detail()
                                + "; no new response is bought, since archive.ledger.buy-again is false"));
    }

    private Disposition collectAgain(WorklistItem claimed, NoteCapture newer, CollectionResult before)
            throws InterruptedException {
        // a pending video is not fetched twice in a row
        VideoOutcome video =
                before.video() instanceof Unanswered waiting ? waiting : videoFetcher.answer(claimed, newer);
        CollectionResult collected = media.collect(newer, video, before);
        try {
            collected.expiredResponses().forEach(answer -> paid.markUrlsExpired(answer.callId(), clock.instant()));
            return disposition(claimed, collected);
        } catch (RuntimeException | InterruptedException e) {
            collected.files().close();
            throw e;
        }
    }

    private Disposition disposition(WorklistItem claimed, CollectionResult collected) throws InterruptedException {
        health.watchHosts(collected);
        if (collected.noRoom()) {
            awaitRoom(collected);
            return new Released(claimed, collected.files(), NO_ROOM);
        }
        if (collected.isComplete() && collected.retryBetter()) {
            if (health.isRunEnding()) {
                return new Released(claimed, collected.files(), "the run ended before the best rendition came");
            }
            Optional<StateTransition> again = retries.forBetter(claimed, collected.lesserDetail());
            if (again.isPresent()) {
                return new Postponed(claimed, collected.files(), again.get());
            }
        }
        if (collected.isComplete()) {
            return new Archived(claimed, collected.files(), PostponementPolicy.archived(lookAgain(collected)));
        }
        if (collected.video() instanceof Unanswered waiting
                && !(waiting instanceof Unanswered.Later && !collected.waitsOnlyForVideo())) {
            return waitingForVideo(claimed, collected, waiting);
        }
        if (health.isRunEnding() && collected.retrySoon()) {
            // the downloads may have been aborted by the end of the run: no attempt is counted
            return new Released(claimed, collected.files(), "the run ended while files were missing");
        }
        if (collected.isPermanentlyIncomplete()) {
            return new Failed(claimed, collected.files(), PostponementPolicy.incomplete(collected.detail()));
        }
        return postpone(
                claimed,
                collected.files(),
                retries.forMedia(claimed, collected.reason(), collected.detail(), collected.retrySoon()));
    }

    /** Decides about a note that lacks its video and has its other files as far as possible. */
    private Disposition waitingForVideo(WorklistItem claimed, CollectionResult collected, Unanswered waiting) {
        CollectedMedia files = collected.files();
        String detail = collected.detail();
        if (files.video() != null) {
            detail += "; a new response, " + waiting.reason();
        }
        StateReason reason =
                collected.reason() == StateReason.URLS_EXPIRED ? StateReason.URLS_EXPIRED : StateReason.VIDEO_PENDING;
        return switch (waiting) {
            case Unanswered.Later(var _, var until) ->
                new Postponed(
                        claimed,
                        files,
                        new StateTransition(NoteState.POSTPONED, Counter.NONE, until, 0, reason, detail, null, true));
            case Unanswered.Repeated(var _, var reply, var cause) ->
                deferred(claimed, reply, cause, reason, detail, files);
            case Unanswered.Refused(var _, var reply) ->
                new Failed(claimed, files, PostponementPolicy.failed(reply, StateReason.MEDIA_INCOMPLETE, detail));
            case Unanswered.Ended(var why) -> withoutCall(claimed, files, why);
        };
    }

    private static Disposition postpone(
            WorklistItem claimed, @Nullable CollectedMedia files, StateTransition transition) {
        return transition.state() == NoteState.FAILED
                ? new Failed(claimed, files, transition)
                : new Postponed(claimed, files, transition);
    }
}

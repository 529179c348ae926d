package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.Disposition.Archived;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Failed;
import io.github.notearchive.nightly.Disposition.Kept;
import io.github.notearchive.nightly.Disposition.Postponed;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Unavailable;
import io.github.notearchive.nightly.VideoOutcome.Unanswered;
import io.github.notearchive.nightly.WorkItem.ArchivedNote;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
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
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ItemProcessor;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * Processes one claimed note: fetches it unless the ledger has a usable response, then collects its media. Returns
 * exactly one disposition per note.
 */
class NoteProcessor implements ItemProcessor<WorkItem, Disposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private final NoteFetcher fetcher;
    private final RunHealth health;
    private final PaidResponses paid;
    private final CallLedger ledger;
    private final ErasureList erasures;
    private final MediaCollector media;
    private final VideoFiles videos;
    private final ArchivedNoteProcessor archived;
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
            ErasureList erasures,
            MediaCollector media,
            VideoFiles videos,
            ArchivedNoteProcessor archived,
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
        this.erasures = erasures;
        this.media = media;
        this.videos = videos;
        this.archived = archived;
        this.videoFetcher = videoFetcher;
        this.retries = retries;
        this.ledgerSettings = ledgerSettings;
        this.outages = outages;
        this.calls = calls;
        this.clock = clock;
    }

    @Override
    public Disposition process(WorkItem item) {
        return outages.call(() -> disposition(item), () -> {
            // its response may be in a spool file, and would be bought again
            calls.persistSpooled(item.id());
            return disposition(item);
        });
    }

    /**
     * Handles a note that needs a call in a run without calls: it is postponed to the next night, since it would be due
     * again immediately.
     */
    private Disposition withoutCall(NewNote note, @Nullable CollectedMedia files, String reason) {
        return health.isWithoutCalls()
                ? new Postponed(note, files, retries.withoutCalls(note, reason))
                : new Released(note, files, reason);
    }

    private Disposition disposition(WorkItem item) {
        try {
            return switch (item) {
                case NewNote note -> decide(note, detail(note), null);
                case ArchivedNote note -> archived.upgrade(note);
                case RefreshNote note -> archived.refresh(note);
            };
        } catch (CallsEndedException e) {
            if (item instanceof NewNote note) {
                return releasedAtEnd(note, null, e);
            }
            health.awaitEnd(e);
            return new Released(item, null, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Released(item, null, "interrupted");
        } catch (DataAccessException | TransactionException e) {
            if (!health.continuesAfter(e)) {
                throw e; // failure of the database, not of the note
            }
            String reason = "the database rolled back a statement: " + DatabaseErrors.summary(e);
            log.warn("Note {}: {}; it is released", item.id(), reason);
            return new Released(item, null, reason);
        } catch (RuntimeException e) {
            log.warn("Note {}: its response could not be processed; postponed", item.id(), e);
            return switch (item) {
                case NewNote note ->
                    postpone(note, null, retries.forMedia(note, StateReason.INTERNAL_ERROR, e.toString(), true));
                case ArchivedNote note -> new Archived(note, null, PostponementPolicy.archived(null));
                case RefreshNote note ->
                    new Kept(note, retries.forRefresh(note, null, StateReason.INTERNAL_ERROR, e.toString(), true));
            };
        }
    }

    /** Returns the response of a note that lacks only its video; otherwise fetches the note. */
    private FetchOutcome detail(NewNote note) throws InterruptedException {
        Optional<NoteCapture> held =
                note.claimed().state() == NoteState.POSTPONED ? videos.detailOfWaiting(note.id()) : Optional.empty();
        return held.isPresent() ? new Found(held.get()) : fetcher.detail(note);
    }

    /**
     * Releases a note after the calls have ended. Waits for the gate, which closes shortly afterwards; otherwise the
     * note would be claimed again.
     */
    private Disposition releasedAtEnd(NewNote note, @Nullable CollectedMedia files, CallsEndedException e) {
        health.awaitEnd(e);
        return withoutCall(note, files, String.valueOf(e.getMessage()));
    }

    private Disposition decide(NewNote note, FetchOutcome outcome, @Nullable CollectionResult before)
            throws InterruptedException {
        CollectedMedia files = before == null ? null : before.files();
        return switch (outcome) {
            case Found(var capture) when isErased(capture) -> erased(note, before);
            case Found(var capture) -> before == null ? collect(note, capture) : collectAgain(note, capture, before);
            case Missing(var reply, var certain) -> missing(note, reply, certain, files);
            case Rejected(var reply) -> {
                log.warn("Note {}: the provider rejected the request, {}; not retried", note.id(), reply);
                yield new Failed(note, files, PostponementPolicy.failed(reply, StateReason.REJECTED, reply.toString()));
            }
            case Deferred(var reply, var cause) ->
                deferred(note, reply, cause, StateReason.PROVIDER_ERROR, reply.toString(), files);
            case Exhausted exhausted -> new Released(note, files, health.stop(exhausted, ""));
            case Unclaimed _ -> new Released(note, files, NoteFetcher.CLAIM_LOST);
            case Outstanding call -> new Postponed(note, files, retries.outstanding(note, call, files != null));
            case Blocked blocked -> new Released(note, files, health.stop(blocked, ""));
        };
    }

    private boolean isErased(NoteCapture capture) {
        return erasures.covers(capture.id(), NoteCatalog.authorOf(capture).orElse(null));
    }

    private static Erased erased(NewNote note, @Nullable CollectionResult before) {
        if (before != null) {
            before.files().close();
        }
        return new Erased(note);
    }

    private Disposition missing(NewNote note, ProviderReply reply, boolean certain, @Nullable CollectedMedia files) {
        return retries.isAbsent(note, certain)
                ? new Unavailable(note, files, retries.unavailable(reply))
                : new Postponed(note, files, retries.absentOnce(reply));
    }

    private Disposition deferred(
            NewNote note,
            ProviderReply reply,
            Deferred.Cause cause,
            StateReason reason,
            String detail,
            @Nullable CollectedMedia files) {
        boolean _ = health.isOutage(reply, cause);
        if (cause.isPause()) {
            return new Released(note, files, detail);
        }
        StateTransition transition =
                retries.forCall(note, reply, reason, detail, files != null, !isUnreadableAgain(note, reply));
        if (transition.state() == NoteState.FAILED) {
            log.warn(
                    "Note {}: failed permanently after {} calls: {}",
                    note.id(),
                    note.claimed().attempts() + 1,
                    detail);
        }
        return postpone(note, files, transition);
    }

    /** Returns whether two responses of tonight were unreadable. */
    private boolean isUnreadableAgain(NewNote note, ProviderReply reply) {
        return reply.isUnreadable()
                && paid.countUnreadable(note.id(), Night.current(clock).begins()) > 1;
    }

    private Disposition collect(NewNote note, NoteCapture capture) throws InterruptedException {
        CollectionResult collected = media.collect(capture, videoFetcher.answer(note, capture));
        try {
            return conclude(note, capture, collected);
        } catch (InterruptedException | RuntimeException e) {
            collected.files().close(); // no caller uses the downloads
            throw e;
        }
    }

    /** Buys a new response if that may deliver missing files. */
    private Disposition conclude(NewNote note, NoteCapture capture, CollectionResult collected)
            throws InterruptedException {
        if (collected.noRoom()) {
            return disposition(note, collected);
        }
        List<NoteCapture> outdated = collected.expiredResponses();
        if (note.claimed().state() != NoteState.PENDING) {
            collected.files().answers().stream()
                    .filter(answer -> !outdated.contains(answer))
                    .forEach(answer -> paid.clearUrlsExpired(answer.callId()));
        }
        List<NoteCapture> replaceable = outdated.stream()
                .filter(answer -> !collected.isReplacementPending(answer))
                .toList();
        if (!replaceable.isEmpty() && !ledgerSettings.buyAgain()) {
            return withoutNewAnswer(note, collected);
        }
        outdated.forEach(answer -> paid.markUrlsExpired(answer.callId(), clock.instant()));
        List<NoteCapture> old =
                replaceable.stream().filter(answer -> !ledger.isRecent(answer)).toList();
        if (old.isEmpty() || health.isRunEnding()) {
            return disposition(note, collected);
        }
        // the response is of an earlier night, so its URLs may have expired: buy one new response
        log.info(
                "Note {}: URLs of the response of {} have expired, {}; buying a new response",
                note.id(),
                old.getFirst().capturedAt(),
                collected.detail());
        try {
            return old.contains(capture)
                    ? decide(note, fetcher.detail(note), collected)
                    : collectAgain(note, capture, collected);
        } catch (CallsEndedException e) {
            return releasedAtEnd(note, collected.files(), e);
        }
    }

    /** Decides about a note with expired URLs for which no new response may be bought. */
    private Disposition withoutNewAnswer(NewNote note, CollectionResult collected) throws InterruptedException {
        return collected.retrySoon()
                ? disposition(note, collected)
                : new Failed(
                        note,
                        collected.files(),
                        PostponementPolicy.incomplete(collected.detail()
                                + "; no new response is bought, since archive.ledger.buy-again is false"));
    }

    private Disposition collectAgain(NewNote note, NoteCapture newer, CollectionResult before)
            throws InterruptedException {
        // a pending video is not fetched twice in a row
        VideoOutcome video = before.video() instanceof Unanswered waiting ? waiting : videoFetcher.answer(note, newer);
        CollectionResult collected = media.collect(newer, video, before);
        try {
            collected.expiredResponses().forEach(answer -> paid.markUrlsExpired(answer.callId(), clock.instant()));
            return disposition(note, collected);
        } catch (RuntimeException | InterruptedException e) {
            collected.files().close();
            throw e;
        }
    }

    private Disposition disposition(NewNote note, CollectionResult collected) throws InterruptedException {
        health.watchHosts(collected);
        if (collected.noRoom()) {
            media.awaitRoom(collected);
            return new Released(note, collected.files(), PostponementPolicy.NO_ROOM);
        }
        if (collected.isComplete() && collected.retryBetter()) {
            if (health.isRunEnding()) {
                return new Released(note, collected.files(), "the run ended before the best rendition came");
            }
            Optional<StateTransition> again = retries.forBetter(note, collected.lesserDetail());
            if (again.isPresent()) {
                return new Postponed(note, collected.files(), again.get());
            }
        }
        if (collected.isComplete()) {
            return new Archived(note, collected.files(), retries.complete(collected));
        }
        if (collected.video() instanceof Unanswered waiting
                && !(waiting instanceof Unanswered.Later && !collected.waitsOnlyForVideo())) {
            return waitingForVideo(note, collected, waiting);
        }
        if (health.isRunEnding() && collected.retrySoon()) {
            // the downloads may have been aborted by the end of the run: no attempt is counted
            return new Released(note, collected.files(), "the run ended while files were missing");
        }
        if (collected.isPermanentlyIncomplete()) {
            return new Failed(note, collected.files(), PostponementPolicy.incomplete(collected.detail()));
        }
        return postpone(
                note,
                collected.files(),
                retries.forMedia(note, collected.reason(), collected.detail(), collected.retrySoon()));
    }

    /** Decides about a note that lacks its video and has its other files as far as possible. */
    private Disposition waitingForVideo(NewNote note, CollectionResult collected, Unanswered waiting) {
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
                        note,
                        files,
                        new StateTransition(NoteState.POSTPONED, Counter.NONE, until, 0, reason, detail, null, true));
            case Unanswered.Repeated(var _, var reply, var cause) ->
                deferred(note, reply, cause, reason, detail, files);
            case Unanswered.Refused(var _, var reply) ->
                new Failed(note, files, PostponementPolicy.failed(reply, StateReason.MEDIA_INCOMPLETE, detail));
            case Unanswered.Ended(var why) -> withoutCall(note, files, why);
        };
    }

    private static Disposition postpone(NewNote note, @Nullable CollectedMedia files, StateTransition transition) {
        return transition.state() == NoteState.FAILED
                ? new Failed(note, files, transition)
                : new Postponed(note, files, transition);
    }
}

package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.Transition.Cause.because;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.failed;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.postponed;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.Transition;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.Disposition.Settled;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when a note is retried, and when it fails permanently. Limits: {@link ArchiveProperties.Retry}.
 *
 * <p>An archived note keeps its state and content after a refresh, unless its absence is confirmed.
 */
final class PostponementPolicy {

    private static final Logger log = LoggerFactory.getLogger(PostponementPolicy.class);

    private final CallLedger ledger;
    private final ObjectStore store;
    private final RunState run;

    PostponementPolicy(CallLedger ledger, ObjectStore store, RunState run) {
        this.ledger = ledger;
        this.store = store;
        this.run = run;
    }

    private ArchiveProperties.Retry limits() {
        return run.settings.archive().retry();
    }

    private Instant tomorrow() {
        return run.tonight().ends();
    }

    /** Returns when the attempt after the {@code times}-th of this night is made: within minutes, or the next night. */
    private Instant next(int times, boolean soon) {
        return soon && times < limits().perNight() ? run.now().plus(limits().delayAfter(times)) : tomorrow();
    }

    /** Returns the transition of a new note with missing files: postponed, or failed after the last attempt. */
    Transition forMedia(WorklistItem note, StateReason reason, String detail, boolean soon) {
        Counters counters = note.countersIn(run.tonight());
        if (counters.mediaAttempts() + 1 >= limits().perLife()) {
            return incomplete(note.id(), detail);
        }
        Instant due = next(counters.mediaAttemptsTonight() + 1, soon);
        return postponed(due, because(reason, detail).withResponseHeld(true)).counting(Counter.MEDIA);
    }

    /**
     * Returns the transition after a temporary error of the provider: postponed, or failed after the last attempt.
     *
     * @param cause the error, and whether the ledger has a usable response nevertheless
     * @param soon whether another response may come within minutes
     */
    Transition forCall(WorklistItem note, Cause cause, boolean soon) {
        if (note.isRefresh()) {
            return refreshFailed(note, cause);
        }
        Counters counters = note.countersIn(run.tonight());
        int calls = counters.attempts() + 1;
        if (calls >= limits().perLife()) {
            String failures = DisplayFormat.plural(calls, "call") + " without success";
            log.warn("Note {}: failed permanently, RETRIES_EXHAUSTED: {}, {}", note.id(), failures, cause.detail());
            Cause last = because(StateReason.RETRIES_EXHAUSTED, failures + ": " + cause.detail());
            return failed(last.withCode(cause.code())).counting(Counter.CALL);
        }
        Instant due = next(counters.attemptsTonight() + 1, soon);
        return postponed(due, cause.withMissingNight(note.missingNight())).counting(Counter.CALL);
    }

    /**
     * Returns the transition while an earlier call has no response yet: postponed to the next night without counting an
     * attempt. The crash recovery of the calling node sets it due earlier, see {@link RunRecovery}.
     */
    Transition outstanding(WorklistItem note, FetchOutcome.Outstanding call) {
        log.warn("Note {}: postponed, {}", note.id(), call.reason());
        Cause cause = because(StateReason.RESPONSE_PENDING, call.reason()).withCode(null);
        return unchanged(note, tomorrow(), cause.withMissingNight(note.missingNight()));
    }

    /**
     * Returns the transition of an absent note: unavailable if the provider confirmed it, or an earlier night reported
     * it too, in worklist or ledger, since a process may have died before settling the note; otherwise checked again in
     * a later night.
     */
    Transition absent(WorklistItem note, ProviderReply reply, boolean certain) {
        Night tonight = run.tonight();
        if (!certain
                && note.wasMissingBefore(tonight).isEmpty()
                && !ledger.wasMissingBefore(note.id(), Endpoint.DETAIL, tonight)) {
            run.emptyResponses.increment();
            boolean _ = run.examplesOfEmpty.offer(note.id());
            Cause absent = because(StateReason.NOTE_ABSENT, reply + "; checked again in a later night");
            return unchanged(note, tonight.ends(), absent.withCode(reply.code()).withMissingNight(tonight));
        }
        String detail = note.isRefresh() ? "no longer available: " + reply : reply.toString();
        Cause cause = because(StateReason.NOT_FOUND, detail).withCode(reply.code());
        return note.isRefresh()
                ? new RefreshResult(NoteState.UNAVAILABLE, Night.of(recheck()), 0, cause)
                : new StateTransition(NoteState.UNAVAILABLE, Counter.NONE, recheck(), cause);
    }

    private Instant recheck() {
        return run.now().plus(run.settings.archive().recheckUnavailableAfter());
    }

    Transition rejected(WorklistItem note, ProviderReply reply) {
        Cause cause = because(StateReason.REJECTED, reply.toString()).withCode(reply.code());
        String next = note.isRefresh() ? "it stays archived, and the refresh is repeated later" : "not retried";
        log.warn("Note {}: the provider rejected the request, {}; {}", note.id(), reply, next);
        return note.isRefresh()
                ? refresh(note, recheck(), 0, "rejected", cause.withMissingNight(note.missingNight()))
                : failed(cause).counting(Counter.CALL);
    }

    /**
     * Returns the transition of a complete note. A better rendition that met a temporary error is tried again tonight,
     * up to the last attempt; other lesser renditions while their URLs are fresh.
     *
     * @param soon whether a better rendition met a temporary error
     */
    Transition complete(WorklistItem note, CollectedMedia collected, boolean soon) {
        Counters counters = note.countersIn(run.tonight());
        int times = counters.mediaAttemptsTonight() + 1;
        if (soon && times < limits().perNight() && counters.mediaAttempts() + 1 < limits().perLife()) {
            Instant due = next(times, true);
            Cause cause = because(StateReason.MEDIA_PENDING, collected.detail()).withResponseHeld(true);
            return (note.isNew() ? postponed(due, cause) : StateTransition.archived(due, cause))
                    .counting(Counter.MEDIA);
        }
        return archived(isFreshTomorrow(collected.responsesWithBetterRendition()), Cause.NONE);
    }

    /** Returns the transition of an archived note with a missing file: due while its new response is fresh. */
    Transition archivedWithout(CollectedMedia collected, String detail) {
        return archived(isFreshTomorrow(Stream.of(collected.capture())), because(collected.reason(), detail));
    }

    private boolean isFreshTomorrow(Stream<NoteCapture> responses) {
        return responses.anyMatch(response -> ledger.freshUntil(response).isAfter(tomorrow()));
    }

    /** @param lookAgain whether better renditions and missing files are tried again the next night, or never */
    Transition archived(boolean lookAgain, Cause cause) {
        return StateTransition.archived(lookAgain ? tomorrow() : null, cause.withResponseHeld(lookAgain));
    }

    /**
     * Returns the transition after an error of this program, the store, or the database. A note whose data cannot be
     * written fails, so that it does not stop every night.
     *
     * @param soon whether another attempt may succeed within minutes
     */
    Transition afterError(WorklistItem note, StateReason reason, String detail, boolean soon) {
        boolean isUnwritable = reason == StateReason.WRITE_FAILED;
        if (note.isRefresh()) {
            Cause cause = because(reason, detail).withResponseHeld(!isUnwritable);
            return refreshFailed(note, reason == StateReason.INTERNAL_ERROR ? cause.withCode(null) : cause);
        }
        if (!note.isNew()) {
            return archived(reason == StateReason.STORE_ERROR, Cause.NONE);
        }
        return isUnwritable ? failed(because(reason, detail)) : forMedia(note, reason, detail, soon);
    }

    /**
     * Returns the disposition after a store error. An unavailable store counts no attempt of the note and stops the run
     * if it lasts. A file rejected by an available store counts an attempt, so that the note does not block the
     * worklist permanently.
     */
    Disposition afterStoreError(WorklistItem note, StoreException e) {
        String reason = "the store rejected its files: " + e.getMessage();
        log.warn("Note {}: {}; its response is kept", note.id(), reason);
        boolean isOfNote = store.isWritable() && !e.ofTheAccount();
        if (!isOfNote) {
            run.storeFails(e);
        }
        return note.isNew() && (!isOfNote || run.stopper.isClosed())
                ? new Released(note, null, reason)
                : new Settled(note, null, afterError(note, StateReason.STORE_ERROR, reason, e.unreachable()));
    }

    /** Repeats a failed refresh the next night, and after {@code perNight} nights as late as an unavailable note. */
    private Transition refreshFailed(WorklistItem note, Cause cause) {
        int attempts = note.refreshAttempts() + 1;
        boolean isLast = attempts >= limits().perNight();
        Instant again = isLast ? recheck() : tomorrow();
        return refresh(note, again, isLast ? 0 : attempts, "failed", cause.withMissingNight(note.missingNight()));
    }

    /** Returns the transition of a note, or of its refresh, that is tried again without counting an attempt. */
    private static Transition unchanged(WorklistItem note, Instant until, Cause cause) {
        return note.isRefresh()
                ? refresh(note, until, note.refreshAttempts(), "postponed", cause)
                : postponed(until, cause);
    }

    private static Transition refresh(WorklistItem note, Instant again, int attempts, String result, Cause cause) {
        String detail = "refresh " + result + ": " + cause.detail();
        return new RefreshResult(note.state(), Night.of(again), attempts, cause.withDetail(detail));
    }

    static Transition incomplete(NoteId id, String detail) {
        log.warn("Note {}: failed permanently, MEDIA_INCOMPLETE: {}", id, detail);
        return failed(because(StateReason.MEDIA_INCOMPLETE, detail)).counting(Counter.MEDIA);
    }
}

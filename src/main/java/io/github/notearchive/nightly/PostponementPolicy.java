package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.Transition;
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
import org.jspecify.annotations.Nullable;
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
        return postponed(Counter.MEDIA, due, 0, reason, detail, null, true);
    }

    /**
     * Returns the transition after a temporary error of the provider: postponed, or failed after the last attempt.
     *
     * @param responseHeld whether the ledger has a usable response nevertheless
     * @param soon whether another response may come within minutes
     */
    Transition forCall(
            WorklistItem note,
            ProviderReply reply,
            StateReason reason,
            String detail,
            boolean responseHeld,
            boolean soon) {
        if (note.isRefresh()) {
            return refreshFailed(note, reply.code(), reason, detail, false);
        }
        Counters counters = note.countersIn(run.tonight());
        int calls = counters.attempts() + 1;
        if (calls >= limits().perLife()) {
            String failures = DisplayFormat.plural(calls, "call") + " without success";
            log.warn("Note {}: failed permanently, RETRIES_EXHAUSTED: {}, {}", note.id(), failures, detail);
            return failed(Counter.CALL, reply.code(), StateReason.RETRIES_EXHAUSTED, failures + ": " + detail);
        }
        Instant due = next(counters.attemptsTonight() + 1, soon);
        return postponed(Counter.CALL, due, reply.code(), reason, detail, note.missingNight(), responseHeld);
    }

    /**
     * Returns the transition while an earlier call has no response yet: postponed to the next night without counting an
     * attempt. The crash recovery of the calling node sets it due earlier, see {@link RunRecovery}.
     */
    Transition outstanding(WorklistItem note, FetchOutcome.Outstanding call) {
        log.warn("Note {}: postponed, {}", note.id(), call.reason());
        return unchanged(note, tomorrow(), null, StateReason.RESPONSE_PENDING, call.reason(), note.missingNight());
    }

    /**
     * Returns the transition of an absent note: unavailable if the provider confirmed it, or an earlier night reported
     * it too, in worklist or ledger, since a process may have died before settling the note; otherwise checked again in
     * a later night.
     */
    Transition absent(WorklistItem note, ProviderReply reply, boolean certain) {
        Night tonight = run.tonight();
        Integer code = reply.code();
        if (!certain
                && note.wasMissingBefore(tonight).isEmpty()
                && !ledger.wasMissingBefore(note.id(), Endpoint.DETAIL, tonight)) {
            run.emptyResponses.increment();
            boolean _ = run.examplesOfEmpty.offer(note.id());
            String detail = reply + "; checked again in a later night";
            return unchanged(note, tonight.ends(), code, StateReason.NOTE_ABSENT, detail, tonight);
        }
        NoteState state = NoteState.UNAVAILABLE;
        StateReason reason = StateReason.NOT_FOUND;
        return note.isRefresh()
                ? new RefreshResult(
                        state, Night.of(recheck()), 0, code, reason, "no longer available: " + reply, null, false)
                : new StateTransition(state, Counter.NONE, recheck(), code, reason, reply.toString(), null, false);
    }

    private Instant recheck() {
        return run.now().plus(run.settings.archive().recheckUnavailableAfter());
    }

    Transition rejected(WorklistItem note, ProviderReply reply) {
        StateReason reason = StateReason.REJECTED;
        String next = note.isRefresh() ? "it stays archived, and the refresh is repeated later" : "not retried";
        log.warn("Note {}: the provider rejected the request, {}; {}", note.id(), reply, next);
        return note.isRefresh()
                ? refresh(note, recheck(), 0, reply.code(), reason, "rejected: " + reply, note.missingNight(), false)
                : failed(Counter.CALL, reply.code(), reason, reply.toString());
    }

    /**
     * Returns the transition of a note that needs a call which is not possible or not made yet: no attempt is counted.
     *
     * @param responseHeld whether the ledger has a usable response about the note
     */
    static Transition waiting(
            Instant until, StateReason reason, String detail, @Nullable Night missing, boolean responseHeld) {
        return postponed(Counter.NONE, until, 0, reason, detail, missing, responseHeld);
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
            NoteState state = note.isNew() ? NoteState.POSTPONED : NoteState.ARCHIVED;
            Instant due = next(times, true);
            StateReason reason = StateReason.MEDIA_PENDING;
            return new StateTransition(state, Counter.MEDIA, due, 0, reason, collected.detail(), null, true);
        }
        return archived(isFreshTomorrow(collected.responsesWithBetterRendition()), null, null);
    }

    /** Returns the transition of an archived note with a missing file: due while its new response is fresh. */
    Transition archivedWithout(CollectedMedia collected, String detail) {
        return archived(isFreshTomorrow(Stream.of(collected.capture())), collected.reason(), detail);
    }

    private boolean isFreshTomorrow(Stream<NoteCapture> responses) {
        return responses.anyMatch(response -> ledger.freshUntil(response).isAfter(tomorrow()));
    }

    /** @param lookAgain whether better renditions and missing files are tried again the next night, or never */
    Transition archived(boolean lookAgain, @Nullable StateReason reason, @Nullable String detail) {
        Instant due = lookAgain ? tomorrow() : null;
        return new StateTransition(NoteState.ARCHIVED, Counter.NONE, due, 0, reason, detail, null, lookAgain);
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
            Integer code = reason == StateReason.INTERNAL_ERROR ? null : Integer.valueOf(0);
            return refreshFailed(note, code, reason, detail, !isUnwritable);
        }
        if (!note.isNew()) {
            return archived(reason == StateReason.STORE_ERROR, null, null);
        }
        return isUnwritable ? failed(Counter.NONE, 0, reason, detail) : forMedia(note, reason, detail, soon);
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
    private Transition refreshFailed(
            WorklistItem note, @Nullable Integer code, StateReason reason, String detail, boolean responseHeld) {
        int attempts = note.refreshAttempts() + 1;
        boolean isLast = attempts >= limits().perNight();
        Instant again = isLast ? recheck() : tomorrow();
        String why = "failed: " + detail;
        return refresh(note, again, isLast ? 0 : attempts, code, reason, why, note.missingNight(), responseHeld);
    }

    /** Returns the transition of a note, or of its refresh, that is tried again without counting an attempt. */
    private static Transition unchanged(
            WorklistItem note,
            Instant until,
            @Nullable Integer code,
            StateReason reason,
            String detail,
            @Nullable Night missing) {
        return note.isRefresh()
                ? refresh(note, until, note.refreshAttempts(), code, reason, "postponed: " + detail, missing, false)
                : postponed(Counter.NONE, until, code, reason, detail, missing, false);
    }

    private static Transition refresh(
            WorklistItem note,
            Instant again,
            int attempts,
            @Nullable Integer code,
            StateReason reason,
            String result,
            @Nullable Night missing,
            boolean responseHeld) {
        Night night = Night.of(again);
        String detail = "refresh " + result;
        return new RefreshResult(note.state(), night, attempts, code, reason, detail, missing, responseHeld);
    }

    private static Transition postponed(
            Counter counter,
            Instant due,
            @Nullable Integer code,
            StateReason reason,
            String detail,
            @Nullable Night missing,
            boolean responseHeld) {
        return new StateTransition(NoteState.POSTPONED, counter, due, code, reason, detail, missing, responseHeld);
    }

    static Transition failed(Counter counter, @Nullable Integer code, StateReason reason, String detail) {
        return new StateTransition(NoteState.FAILED, counter, null, code, reason, detail, null, false);
    }

    static Transition incomplete(NoteId id, String detail) {
        log.warn("Note {}: failed permanently, MEDIA_INCOMPLETE: {}", id, detail);
        return failed(Counter.MEDIA, 0, StateReason.MEDIA_INCOMPLETE, detail);
    }
}

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
import io.github.notearchive.nightly.WorkItem.ArchivedNote;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when a note is retried, and when it fails permanently. Limits: {@link ArchiveProperties.Retry}.
 *
 * <p>An archived note keeps its state and content after a refresh, unless its absence is confirmed.
 */
record PostponementPolicy(CallLedger ledger, ObjectStore store, RunState run) {

    private static final Logger log = LoggerFactory.getLogger(PostponementPolicy.class);

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

    /** Returns the transition of a note with missing files: postponed, or failed after the last attempt. */
    Transition forMedia(NewNote note, StateReason reason, String detail, boolean soon) {
        WorklistItem claimed = note.claimed();
        Counters counters = claimed.countersIn(run.tonight());
        int times = counters.mediaAttempts() + 1;
        if (times >= limits().perLife()) {
            return incomplete(claimed.id(), detail);
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
            WorkItem item, ProviderReply reply, StateReason reason, String detail, boolean responseHeld, boolean soon) {
        if (item instanceof RefreshNote note) {
            return forRefresh(note, reply.code(), reason, detail, false);
        }
        WorklistItem claimed = item.claimed();
        Counters counters = claimed.countersIn(run.tonight());
        int calls = counters.attempts() + 1;
        if (calls >= limits().perLife()) {
            log.warn(
                    "Note {}: failed permanently, RETRIES_EXHAUSTED: {} calls without success, {}",
                    claimed.id(),
                    calls,
                    detail);
            return failed(reply, StateReason.RETRIES_EXHAUSTED, calls + " calls without success: " + detail);
        }
        Instant due = next(counters.attemptsTonight() + 1, soon);
        return postponed(Counter.CALL, due, reply.code(), reason, detail, claimed.missingNight(), responseHeld);
    }

    /**
     * Returns the transition while an earlier call has no response yet: postponed to the next night without counting an
     * attempt. The crash recovery of the calling node sets it due earlier, see {@link RunRecovery}.
     */
    Transition outstanding(WorkItem item, FetchOutcome.Outstanding call) {
        WorklistItem claimed = item.claimed();
        StateReason reason = StateReason.RESPONSE_PENDING;
        if (item instanceof RefreshNote) {
            String detail = "refresh postponed: " + call.reason();
            return kept(claimed, tomorrow(), claimed.refreshAttempts(), null, reason, detail);
        }
        log.warn("Note {}: postponed, {}", item.id(), call.reason());
        return postponed(Counter.NONE, tomorrow(), null, reason, call.reason(), claimed.missingNight(), false);
    }

    /**
     * Returns the transition of an absent note: unavailable if the provider confirmed it, or an earlier night reported
     * it too, in worklist or ledger, since a process may have died before settling the note; otherwise checked again in
     * a later night.
     */
    Transition absent(WorkItem item, ProviderReply reply, boolean certain) {
        Night tonight = run.tonight();
        WorklistItem claimed = item.claimed();
        Integer code = reply.code();
        boolean isRefresh = item instanceof RefreshNote;
        boolean isConfirmed = certain
                || claimed.wasMissingBefore(tonight).isPresent()
                || ledger.wasMissingBefore(item.id(), Endpoint.DETAIL, tonight);
        if (!isConfirmed) {
            StateReason reason = StateReason.NOTE_ABSENT;
            String detail = reply + "; checked again in a later night";
            if (isRefresh) {
                String why = "refresh failed: " + detail;
                Night again = Night.of(tonight.ends());
                int attempts = claimed.refreshAttempts();
                return new RefreshResult(claimed.state(), again, attempts, code, reason, why, tonight, false);
            }
            return postponed(Counter.NONE, tonight.ends(), code, reason, detail, tonight, false);
        }
        NoteState state = NoteState.UNAVAILABLE;
        StateReason reason = StateReason.NOT_FOUND;
        String gone = "no longer available: " + reply;
        return isRefresh
                ? new RefreshResult(state, Night.of(recheck()), 0, code, reason, gone, null, false)
                : new StateTransition(state, Counter.NONE, recheck(), code, reason, reply.toString(), null, false);
    }

    private Instant recheck() {
        return run.now().plus(run.settings.archive().recheckUnavailableAfter());
    }

    /** Returns the transition of a note whose request the provider rejected: failed; a refresh is repeated later. */
    Transition rejected(WorkItem item, ProviderReply reply) {
        StateReason reason = StateReason.REJECTED;
        if (item instanceof RefreshNote) {
            log.warn(
                    "Note {}: the provider rejected the request for a refresh, {}; it stays archived",
                    item.id(),
                    reply);
            return kept(item.claimed(), recheck(), 0, reply.code(), reason, "refresh rejected: " + reply);
        }
        log.warn("Note {}: the provider rejected the request, {}; not retried", item.id(), reply);
        return failed(reply, reason, reply.toString());
    }

    /** Returns the transition of a note that needs a call which is not possible yet: no attempt is counted. */
    static Transition waiting(Instant until, StateReason reason, String detail, @Nullable Night missing) {
        return postponed(Counter.NONE, until, 0, reason, detail, missing, true);
    }

    /**
     * Returns the transition of a note whose next claim buys a new response: no attempt is counted.
     *
     * @param isVideoOnly whether only a video is bought again, and the response about the note is used
     */
    static Transition expired(Instant now, String detail, boolean isVideoOnly) {
        return postponed(Counter.NONE, now, 0, StateReason.URLS_EXPIRED, detail, null, isVideoOnly);
    }

    /**
     * Returns the transition of a complete note. A better rendition that met a temporary error is tried again tonight,
     * up to the last attempt; other lesser renditions while their URLs are fresh.
     *
     * @param soon whether a better rendition met a temporary error
     */
    Transition complete(WorkItem item, CollectedMedia collected, boolean soon) {
        WorklistItem claimed = item.claimed();
        Counters counters = claimed.countersIn(run.tonight());
        int times = counters.mediaAttemptsTonight() + 1;
        if (soon && times < limits().perNight() && counters.mediaAttempts() + 1 < limits().perLife()) {
            NoteState state = item instanceof NewNote ? NoteState.POSTPONED : NoteState.ARCHIVED;
            Instant due = next(times, true);
            StateReason reason = StateReason.MEDIA_PENDING;
            return new StateTransition(state, Counter.MEDIA, due, 0, reason, collected.detail(), null, true);
        }
        Instant tomorrow = tomorrow();
        boolean again = collected
                .responsesWithBetterRendition()
                .anyMatch(response -> ledger.freshUntil(response).isAfter(tomorrow));
        return archived(again ? tomorrow : null);
    }

    /** Returns the transition of an archived note with a missing file: due while its new response is fresh. */
    Transition archivedWithout(CollectedMedia collected, String detail) {
        Instant tomorrow = tomorrow();
        boolean again = ledger.freshUntil(collected.capture()).isAfter(tomorrow);
        return new StateTransition(
                NoteState.ARCHIVED, Counter.NONE, again ? tomorrow : null, 0, collected.reason(), detail, null, again);
    }

    /**
     * Returns the transition after an error of this program, the store, or the database. A note whose data cannot be
     * written fails, so that it does not stop every night.
     *
     * @param soon whether another attempt may succeed within minutes
     */
    Transition afterError(WorkItem item, StateReason reason, String detail, boolean soon) {
        boolean isUnwritable = reason == StateReason.WRITE_FAILED;
        return switch (item) {
            case NewNote _
            when isUnwritable ->
                new StateTransition(NoteState.FAILED, Counter.NONE, null, 0, reason, detail, null, false);
            case NewNote note -> forMedia(note, reason, detail, soon);
            case ArchivedNote _ -> archived(reason == StateReason.STORE_ERROR ? tomorrow() : null);
            case RefreshNote note -> {
                Integer code = reason == StateReason.INTERNAL_ERROR ? null : Integer.valueOf(0);
                yield forRefresh(note, code, reason, detail, !isUnwritable);
            }
        };
    }

    /**
     * Returns the disposition after a store error. An unavailable store counts no attempt of the note and stops the run
     * if it lasts. A file rejected by an available store counts an attempt, so that the note does not block the
     * worklist permanently.
     */
    Disposition afterStoreError(WorkItem item, StoreException e) {
        String reason = "the store rejected its files: " + e.getMessage();
        log.warn("Note {}: {}; its response is kept", item.id(), reason);
        boolean isOfNote = store.isWritable() && !e.ofTheAccount();
        if (!isOfNote) {
            run.storeFails(e);
        }
        return item instanceof NewNote && (!isOfNote || run.stopper.isClosed())
                ? new Disposition.Released(item, null, reason)
                : new Disposition.Settled(
                        item, null, afterError(item, StateReason.STORE_ERROR, reason, e.unreachable()));
    }

    /** Repeats a failed refresh the next night, and after {@code perNight} nights as late as an unavailable note. */
    private Transition forRefresh(
            RefreshNote note, @Nullable Integer code, StateReason reason, String detail, boolean responseHeld) {
        WorklistItem claimed = note.claimed();
        int attempts = claimed.refreshAttempts() + 1;
        boolean isLast = attempts >= limits().perNight();
        Night again = Night.of(isLast ? recheck() : tomorrow());
        String why = "refresh failed: " + detail;
        Night missing = claimed.missingNight();
        return new RefreshResult(
                claimed.state(), again, isLast ? 0 : attempts, code, reason, why, missing, responseHeld);
    }

    private static Transition kept(
            WorklistItem claimed,
            Instant again,
            int attempts,
            @Nullable Integer code,
            StateReason reason,
            String detail) {
        Night missing = claimed.missingNight();
        return new RefreshResult(claimed.state(), Night.of(again), attempts, code, reason, detail, missing, false);
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

    /** @param lookAgain when a better rendition is tried; null for never */
    static Transition archived(@Nullable Instant lookAgain) {
        return new StateTransition(NoteState.ARCHIVED, Counter.NONE, lookAgain, 0, null, null, null, lookAgain != null);
    }

    static Transition failed(ProviderReply reply, StateReason reason, String detail) {
        return new StateTransition(NoteState.FAILED, Counter.CALL, null, reply.code(), reason, detail, null, false);
    }

    static Transition incomplete(NoteId id, String detail) {
        log.warn("Note {}: failed permanently, MEDIA_INCOMPLETE: {}", id, detail);
        return new StateTransition(
                NoteState.FAILED, Counter.MEDIA, null, 0, StateReason.MEDIA_INCOMPLETE, detail, null, false);
    }
}

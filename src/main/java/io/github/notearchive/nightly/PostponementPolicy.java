package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.ProviderReply;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Decides when a note is retried, and when it fails permanently. Limits: {@link ArchiveProperties.Retry}. */
@Component
class PostponementPolicy {

    private static final Logger log = LoggerFactory.getLogger(PostponementPolicy.class);

    /** Detail of a note for whose file the spool had no room. */
    static final String NO_ROOM = "the spool had no room for a file";

    private final ArchiveProperties settings;
    private final ArchiveProperties.Retry limits;
    private final CallLedger ledger;
    private final Clock clock;

    PostponementPolicy(ArchiveProperties settings, CallLedger ledger, Clock clock) {
        this.settings = settings;
        this.limits = settings.retry();
        this.ledger = ledger;
        this.clock = clock;
    }

    /**
     * Returns the time of the next attempt after the {@code times}-th attempt of this night: within minutes, or the
     * next night.
     *
     * @param soon whether waiting for minutes can help
     */
    private Instant next(int times, boolean soon) {
        return soon && times < limits.perNight()
                ? clock.instant().plus(limits.delayAfter(times))
                : Night.current(clock).ends();
    }

    /** Returns the transition of a note with missing files: postponed, or failed after the last attempt. */
    StateTransition forMedia(NewNote note, StateReason reason, String detail, boolean soon) {
        WorklistItem claimed = note.claimed();
        int times = claimed.mediaAttempts() + 1;
        if (times >= limits.perLife()) {
            log.warn("Note {}: failed permanently, files missing after {} attempts: {}", claimed.id(), times, detail);
            return incomplete(detail);
        }
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.MEDIA,
                next(claimed.mediaAttemptsIn(Night.current(clock)) + 1, soon),
                0,
                reason,
                detail,
                null,
                true);
    }

    /**
     * Returns the transition of a note whose better rendition met a temporary error: postponed within the night; empty
     * after the last attempt, when it keeps the lesser rendition.
     */
    Optional<StateTransition> forBetter(WorkItem item, String detail) {
        WorklistItem claimed = item.claimed();
        NoteState state = item instanceof NewNote ? NoteState.POSTPONED : NoteState.ARCHIVED;
        int times = claimed.mediaAttemptsIn(Night.current(clock)) + 1;
        return times < limits.perNight() && claimed.mediaAttempts() + 1 < limits.perLife()
                ? Optional.of(new StateTransition(
                        state, Counter.MEDIA, next(times, true), 0, StateReason.MEDIA_PENDING, detail, null, true))
                : Optional.empty();
    }

    /**
     * Returns the transition of a note after a temporary error of the provider: postponed, or failed after the last
     * attempt.
     *
     * @param responseHeld whether the ledger has a usable response nevertheless
     * @param soon whether another response may come within minutes
     */
    StateTransition forCall(
            NewNote note, ProviderReply reply, StateReason reason, String detail, boolean responseHeld, boolean soon) {
        WorklistItem claimed = note.claimed();
        int calls = claimed.attempts() + 1;
        if (calls >= limits.perLife()) {
            return failed(reply, StateReason.RETRIES_EXHAUSTED, calls + " calls without success: " + detail);
        }
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.CALL,
                next(claimed.attemptsIn(Night.current(clock)) + 1, soon),
                reply.code(),
                reason,
                detail,
                claimed.missingNight(),
                responseHeld);
    }

    /**
     * Returns the transition of a note while an earlier call has no response yet: postponed to the next night without
     * counting an attempt. The crash recovery of the calling node sets it due earlier, see {@link RunRecovery}.
     *
     * @param responseHeld whether the ledger has a usable response nevertheless
     */
    StateTransition outstanding(NewNote note, Outstanding call, boolean responseHeld) {
        log.warn("Note {}: postponed, {}", note.id(), call.reason());
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.NONE,
                Night.current(clock).ends(),
                null,
                StateReason.RESPONSE_PENDING,
                call.reason(),
                note.claimed().missingNight(),
                responseHeld);
    }

    /** Returns the result of a refresh while an earlier call has no response yet. */
    RefreshResult outstandingRefresh(RefreshNote note, Outstanding call) {
        WorklistItem claimed = note.claimed();
        return new RefreshResult(
                claimed.state(),
                Night.of(Night.current(clock).ends()),
                claimed.refreshAttempts(),
                null,
                StateReason.RESPONSE_PENDING,
                "refresh postponed: " + call.reason(),
                claimed.missingNight(),
                false);
    }

    /**
     * Returns whether a note is absent: confirmed by the provider, or reported as absent by an earlier night too, in
     * worklist or ledger, since a process may have died before settling the note.
     */
    boolean isAbsent(WorkItem item, boolean certain) {
        Night tonight = Night.current(clock);
        return certain
                || item.claimed().wasMissingBefore(tonight).isPresent()
                || ledger.wasMissingBefore(item.id(), tonight);
    }

    /** Returns the transition of a note that was absent for the first time: checked again in a later night. */
    StateTransition absentOnce(ProviderReply reply) {
        Night tonight = Night.current(clock);
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.NONE,
                tonight.ends(),
                reply.code(),
                StateReason.NOTE_ABSENT,
                reply + "; checked again in a later night",
                tonight,
                false);
    }

    /** Returns the result of a refresh that found the note absent for the first time. */
    RefreshResult absentOnce(RefreshNote note, ProviderReply reply) {
        Night tonight = Night.current(clock);
        return new RefreshResult(
                note.claimed().state(),
                Night.of(tonight.ends()),
                note.claimed().refreshAttempts(),
                reply.code(),
                StateReason.NOTE_ABSENT,
                "refresh failed: " + reply + "; checked again in a later night",
                tonight,
                false);
    }

    /** Returns the transition of a note that needs a call in a run without calls: postponed to the next night. */
    StateTransition withoutCalls(NewNote note, String detail) {
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.NONE,
                Night.current(clock).ends(),
                0,
                StateReason.CALLS_ENDED,
                detail,
                note.claimed().missingNight(),
                true);
    }

    /**
     * Returns the transition of a complete note, whose lesser renditions are tried again while their URLs are fresh.
     */
    StateTransition complete(CollectionResult collected) {
        Instant tomorrow = Night.current(clock).ends();
        boolean again = collected.responsesWithBetterRendition().stream()
                .anyMatch(answer -> ledger.freshUntil(answer).isAfter(tomorrow));
        return archived(again ? tomorrow : null);
    }

    /**
     * Returns the transition of an archived note whose new response promises a file that is missing: due while that
     * response is fresh.
     */
    StateTransition archivedWithout(CollectionResult collected, String detail) {
        Instant tomorrow = Night.current(clock).ends();
        boolean again = ledger.freshUntil(collected.files().capture()).isAfter(tomorrow);
        return new StateTransition(
                NoteState.ARCHIVED, Counter.NONE, again ? tomorrow : null, 0, collected.reason(), detail, null, again);
    }

    /** Returns the transition of an archived note for whose files the spool had no room: due immediately. */
    StateTransition archivedWithoutRoom() {
        return new StateTransition(
                NoteState.ARCHIVED, Counter.NONE, clock.instant(), 0, StateReason.MEDIA_PENDING, NO_ROOM, null, true);
    }

    /** Returns the transition of an absent note, which is checked again after {@code recheckUnavailableAfter}. */
    StateTransition unavailable(ProviderReply reply) {
        return new StateTransition(
                NoteState.UNAVAILABLE,
                Counter.NONE,
                clock.instant().plus(settings.recheckUnavailableAfter()),
                reply.code(),
                StateReason.NOT_FOUND,
                reply.toString(),
                null,
                false);
    }

    /**
     * Returns the result of a failed refresh: repeated the next night, and after {@code perNight} nights postponed for
     * {@code recheckUnavailableAfter}.
     *
     * @param responseHeld whether there is a response that could not be processed
     */
    RefreshResult forRefresh(
            RefreshNote note, @Nullable Integer code, StateReason reason, String detail, boolean responseHeld) {
        WorklistItem claimed = note.claimed();
        int attempts = claimed.refreshAttempts() + 1;
        boolean isLast = attempts >= limits.perNight();
        return new RefreshResult(
                claimed.state(),
                isLast ? afterAWhile() : Night.of(Night.current(clock).ends()),
                isLast ? 0 : attempts,
                code,
                reason,
                "refresh failed: " + detail,
                claimed.missingNight(),
                responseHeld);
    }

    /** Returns the result of a rejected refresh, which is repeated after {@code recheckUnavailableAfter}. */
    RefreshResult rejectedRefresh(RefreshNote note, ProviderReply reply) {
        WorklistItem claimed = note.claimed();
        return new RefreshResult(
                claimed.state(),
                afterAWhile(),
                0,
                reply.code(),
                StateReason.REJECTED,
                "refresh rejected: " + reply,
                claimed.missingNight(),
                false);
    }

    /** Returns the result of a refresh of an absent note; its archived content is kept. */
    RefreshResult gone(ProviderReply reply) {
        return new RefreshResult(
                NoteState.UNAVAILABLE,
                afterAWhile(),
                0,
                reply.code(),
                StateReason.NOT_FOUND,
                "no longer available: " + reply,
                null,
                false);
    }

    private Night afterAWhile() {
        return Night.of(clock.instant().plus(settings.recheckUnavailableAfter()));
    }

    /**
     * Returns the transition of a complete note.
     *
     * @param lookAgain when a better rendition is tried; null for never
     */
    static StateTransition archived(@Nullable Instant lookAgain) {
        return new StateTransition(NoteState.ARCHIVED, Counter.NONE, lookAgain, 0, null, null, null, lookAgain != null);
    }

    /** Returns the transition of a note that failed because of a response of the provider. */
    static StateTransition failed(ProviderReply reply, StateReason reason, String detail) {
        return new StateTransition(NoteState.FAILED, Counter.CALL, null, reply.code(), reason, detail, null, false);
    }

    /** Returns the transition of a note whose data cannot be written. */
    static StateTransition notWritten(String detail) {
        return new StateTransition(
                NoteState.FAILED, Counter.NONE, null, 0, StateReason.WRITE_FAILED, detail, null, false);
    }

    /** Returns the transition of a note that failed because of missing files. */
    static StateTransition incomplete(String detail) {
        return new StateTransition(
                NoteState.FAILED, Counter.MEDIA, null, 0, StateReason.MEDIA_INCOMPLETE, detail, null, false);
    }
}

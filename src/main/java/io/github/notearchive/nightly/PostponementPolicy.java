package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshResult;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.CrashRecovery;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.OutstandingCall;
import io.github.notearchive.provider.ProviderReply;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** When a note that was put off comes up again, and when it has been put off for the last time. */
@Component
class PostponementPolicy {

    private static final Logger log = LoggerFactory.getLogger(PostponementPolicy.class);

    private final ArchiveProperties settings;
    private final ArchiveProperties.Retry limits;
    private final Clock clock;

    PostponementPolicy(ArchiveProperties settings, Clock clock) {
        this.settings = settings;
        this.limits = settings.retry();
        this.clock = clock;
    }

    /**
     * When to try again after the {@code times}-th time of this night: within minutes, or from the next night on.
     *
     * @param soon whether waiting for minutes can help at all
     */
    private Instant next(int times, boolean soon) {
        return soon && times < limits.perNight()
                ? clock.instant().plus(limits.delayAfter(times))
                : Night.current(clock).ends();
    }

    /**
     * What becomes of a note whose answer is there and whose files are not: put off, or given up when that was the last
     * time.
     */
    StateTransition forMedia(WorklistItem claimed, StateReason reason, String detail, boolean soon) {
        int times = claimed.mediaAttempts() + 1;
        if (times >= limits.perLife()) {
            log.warn("Note {}: failed permanently, files are missing after {} tries: {}", claimed.id(), times, detail);
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
     * What becomes of a note with lesser renditions of which a better one met an error that may pass: postponed within
     * the night; empty when it keeps them, since that was the last try.
     */
    Optional<StateTransition> forBetter(WorklistItem claimed, String detail) {
        NoteState state = claimed.state() == NoteState.ARCHIVED || claimed.refreshNight() != null
                ? NoteState.ARCHIVED
                : NoteState.POSTPONED;
        int times = claimed.mediaAttemptsIn(Night.current(clock)) + 1;
        return times < limits.perNight() && claimed.mediaAttempts() + 1 < limits.perLife()
                ? Optional.of(new StateTransition(
                        state, Counter.MEDIA, next(times, true), 0, StateReason.MEDIA_PENDING, detail, null, true))
                : Optional.empty();
    }

    /**
     * What becomes of a note that the provider has put off: it is asked about again, or given up when that was the last
     * time.
     *
     * @param responseHeld whether there is an answer about it all the same
     * @param soon whether another response may come within minutes
     */
    StateTransition forCall(
            WorklistItem claimed,
            ProviderReply reply,
            StateReason reason,
            String detail,
            boolean responseHeld,
            boolean soon) {
        int asks = claimed.attempts() + 1;
        if (asks >= limits.perLife()) {
            return failed(reply, StateReason.RETRIES_EXHAUSTED, asks + " calls without success: " + detail);
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
     * What becomes of a note while an earlier call about it has no response yet: it is postponed to the next night, and
     * nothing is counted. The recovery of the node that sent the call sets it due earlier, see {@link CrashRecovery}.
     *
     * @param responseHeld whether there is an answer about it all the same
     */
    StateTransition outstanding(WorklistItem claimed, OutstandingCall call, boolean responseHeld) {
        log.warn("Note {}: postponed, {}", claimed.id(), call.reason());
        return new StateTransition(
                NoteState.POSTPONED,
                Counter.NONE,
                Night.current(clock).ends(),
                null,
                StateReason.RESPONSE_PENDING,
                call.reason(),
                claimed.missingNight(),
                responseHeld);
    }

    /** The same of a refresh. */
    RefreshResult outstandingRefresh(WorklistItem claimed, OutstandingCall call) {
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

    /** Not there; looked at again after a while. */
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
     * What becomes of a refresh that came to nothing: it is asked for once more the next night, and after as many
     * nights as a note is asked about in one it is left for a while.
     *
     * @param responseHeld whether there is an answer that could not be worked on
     */
    RefreshResult forRefresh(
            WorklistItem claimed, @Nullable Integer code, StateReason reason, String detail, boolean responseHeld) {
        int attempts = claimed.refreshAttempts() + 1;
        boolean isEnough = attempts >= limits.perNight();
        return new RefreshResult(
                claimed.state(),
                isEnough ? afterAWhile() : Night.of(Night.current(clock).ends()),
                isEnough ? 0 : attempts,
                code,
                reason,
                "refresh failed: " + detail,
                claimed.missingNight(),
                responseHeld);
    }

    /** A refresh that there will be none of, for a while. */
    RefreshResult rejectedRefresh(WorklistItem claimed, ProviderReply reply) {
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

    /** No longer there; what is archived of it stays. */
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
     * Complete.
     *
     * @param lookAgain when a better rendition of some file is tried for; null: never
     */
    static StateTransition archived(@Nullable Instant lookAgain) {
        return new StateTransition(NoteState.ARCHIVED, Counter.NONE, lookAgain, 0, null, null, null, lookAgain != null);
    }

    /** Failed permanently because of a response of the provider. */
    static StateTransition failed(ProviderReply reply, StateReason reason, String detail) {
        return new StateTransition(NoteState.FAILED, Counter.CALL, null, reply.code(), reason, detail, null, false);
    }

    /** Failed permanently because of missing files. */
    static StateTransition incomplete(String detail) {
        return new StateTransition(
                NoteState.FAILED, Counter.MEDIA, null, 0, StateReason.MEDIA_INCOMPLETE, detail, null, false);
    }
}

package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot of a worklist row as stored in the sidecar; excludes claim and execution.
 *
 * @param refreshNight night of the next refresh, if it does not follow from the last response
 * @param refreshAttempts consecutive nights of failed refreshes
 */
public record WorklistRow(
        NoteState state,
        int priority,
        String source,
        Instant enqueuedAt,
        int attempts,
        int attemptsTonight,
        int mediaAttempts,
        int mediaAttemptsTonight,
        @Nullable LocalDate countedNight,
        @Nullable LocalDate missingNight,
        boolean responseHeld,
        @Nullable Instant dueAt,
        @Nullable Integer lastCode,
        @Nullable StateReason reason,
        @Nullable String detail,
        @Nullable Instant settledAt,
        @Nullable Integer refreshDays,
        @Nullable LocalDate refreshOn,
        @Nullable LocalDate refreshNight,
        int refreshAttempts) {

    public WorklistRow {
        if (state == null || source == null || enqueuedAt == null) {
            throw new IllegalArgumentException("state, source and enqueuedAt of a worklist row are required");
        }
        if (priority < 0 || priority > 9) {
            throw new IllegalArgumentException("priority must be 0 to 9, not " + priority);
        }
        if (attempts < 0 || attemptsTonight < 0 || mediaAttempts < 0 || mediaAttemptsTonight < 0) {
            throw new IllegalArgumentException("attempts must not be negative");
        }
        if (refreshDays != null && (refreshDays < 1 || refreshDays > Enqueuer.MAX_GAP_DAYS)) {
            throw new IllegalArgumentException("invalid refresh interval: " + refreshDays + " days");
        }
        if (reason == null && state != NoteState.PENDING && state != NoteState.ARCHIVED) {
            throw new IllegalArgumentException("state " + state + " requires a reason");
        }
        if (dueAt == null && (state == NoteState.PENDING || state == NoteState.POSTPONED)) {
            throw new IllegalArgumentException("state " + state + " requires a due time");
        }
    }

    /** Returns the row after {@link WorklistRepository#settle}. Pure. */
    public WorklistRow after(StateTransition decided, Instant now) {
        LocalDate tonight = Night.of(now).date();
        boolean sameNight = tonight.equals(countedNight);
        int call = decided.countsFor() == Counter.CALL ? 1 : 0;
        int media = decided.countsFor() == Counter.MEDIA ? 1 : 0;
        return new WorklistRow(
                decided.state(),
                priority,
                source,
                enqueuedAt,
                attempts + call,
                (sameNight ? attemptsTonight : 0) + call,
                mediaAttempts + media,
                (sameNight ? mediaAttemptsTonight : 0) + media,
                tonight,
                decided.missingNight() == null ? null : decided.missingNight().date(),
                decided.responseHeld(),
                decided.dueAt(),
                decided.code(),
                decided.reason(),
                decided.detail(),
                now,
                refreshDays,
                refreshOn,
                null,
                0);
    }

    /** Returns the row after {@link WorklistRepository#settleRefresh}. Pure. */
    public WorklistRow after(RefreshResult decided, Instant now) {
        boolean archived = decided.state() == NoteState.ARCHIVED;
        return new WorklistRow(
                decided.state(),
                priority,
                source,
                enqueuedAt,
                attempts,
                attemptsTonight,
                mediaAttempts,
                mediaAttemptsTonight,
                countedNight,
                decided.missingNight() == null ? null : decided.missingNight().date(),
                decided.responseHeld() || (archived && responseHeld),
                decided.responseHeld() ? decided.again().begins() : archived ? dueAt : null,
                decided.code(),
                decided.reason(),
                decided.detail(),
                now,
                refreshDays,
                refreshOn,
                decided.again().date(),
                decided.attempts());
    }

    /** Returns the row after {@link OperatorActions#completeByWaiver}. Pure. */
    public WorklistRow completedByWaiver(Instant now) {
        return with(NoteState.ARCHIVED, null, null, null, false, now);
    }

    /** Returns the row with the note due now, for a reason found without a call. Pure. */
    public WorklistRow dueAgain(String why, Instant now) {
        return with(NoteState.POSTPONED, now, StateReason.MEDIA_PENDING, why, true, settledAt);
    }

    private WorklistRow with(
            NoteState next,
            @Nullable Instant due,
            @Nullable StateReason why,
            @Nullable String text,
            boolean held,
            @Nullable Instant settled) {
        return new WorklistRow(
                next,
                priority,
                source,
                enqueuedAt,
                attempts,
                attemptsTonight,
                mediaAttempts,
                mediaAttemptsTonight,
                countedNight,
                missingNight,
                held,
                due,
                lastCode,
                why,
                text,
                settled,
                refreshDays,
                refreshOn,
                refreshNight,
                refreshAttempts);
    }
}

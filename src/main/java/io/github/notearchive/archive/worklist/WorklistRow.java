package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.worklist.StateTransition.Counter;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * How far a note got: its row in the worklist without claim and execution, which mean nothing elsewhere. In words that
 * a sidecar can hold.
 *
 * @param refreshNight when it is asked about anew, where that does not follow from its last answer
 * @param refreshAttempts nights in a row in which that came to nothing
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
            throw new IllegalArgumentException("a note has a state, a source and a beginning");
        }
        if (priority < 0 || priority > 9) {
            throw new IllegalArgumentException("a priority lies between 0 and 9, not at " + priority);
        }
        if (attempts < 0 || attemptsTonight < 0 || mediaAttempts < 0 || mediaAttemptsTonight < 0) {
            throw new IllegalArgumentException("attempts are counted from 0");
        }
        if (refreshDays != null && (refreshDays < 1 || refreshDays > Enqueuer.LONGEST_GAP)) {
            throw new IllegalArgumentException("from one answer to the next it is not " + refreshDays + " days");
        }
        if (reason == null && state != NoteState.PENDING && state != NoteState.ARCHIVED) {
            throw new IllegalArgumentException("a note that is " + state + " has a reason");
        }
        if (dueAt == null && (state == NoteState.PENDING || state == NoteState.POSTPONED)) {
            throw new IllegalArgumentException("a note that is " + state + " is due some time");
        }
    }

    /** As it will be when this is decided; what {@link WorklistRepository#settle} writes. */
    public WorklistRow after(StateTransition decided, Instant now) {
        LocalDate tonight = Night.of(now).date();
        boolean again = tonight.equals(countedNight);
        int call = decided.countsFor() == Counter.CALL ? 1 : 0;
        int media = decided.countsFor() == Counter.MEDIA ? 1 : 0;
        return new WorklistRow(
                decided.state(),
                priority,
                source,
                enqueuedAt,
                attempts + call,
                (again ? attemptsTonight : 0) + call,
                mediaAttempts + media,
                (again ? mediaAttemptsTonight : 0) + media,
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

    /** As it will be when this is decided; what {@link WorklistRepository#keep} writes. */
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

    /** As it will be when a waiver has completed it; what {@link OperatorActions#completeByWaiver} writes. */
    public WorklistRow completedByWaiver(Instant now) {
        return with(NoteState.ARCHIVED, null, null, null, false, now);
    }

    /** Due now, for a reason that was found without asking anybody. */
    public WorklistRow dueAgain(String why, Instant now) {
        return with(NoteState.POSTPONED, now, StateReason.MEDIA_PENDING, why, true, settledAt);
    }

    private WorklistRow with(
            NoteState next,
            @Nullable Instant due,
            @Nullable StateReason why,
            @Nullable String inWords,
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
                inWords,
                settled,
                refreshDays,
                refreshOn,
                refreshNight,
                refreshAttempts);
    }
}

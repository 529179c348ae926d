package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.Transition.Cause.because;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.CompletedByWaiver;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.FileLost;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot of a worklist row as stored in the sidecar; excludes claim and execution.
 *
 * @param responseHeld whether a paid response waits for its media
 * @param dueAt when a run may claim the note; null for never
 * @param missingNight night in which a success lacked the note; null if none did
 */
public record WorklistRow(
        NoteState state,
        boolean responseHeld,
        @Nullable Instant dueAt,
        @Nullable Integer lastCode,
        @Nullable StateReason reason,
        @Nullable String detail,
        @Nullable LocalDate missingNight,
        @Nullable Instant settledAt,
        @JsonUnwrapped Counters counters,
        @JsonUnwrapped Refresh refresh,
        @JsonUnwrapped Origin origin) {

    public WorklistRow {
        detail = PostgresText.of(detail);
        if (state == null) {
            throw new IllegalArgumentException("state of a worklist row is required");
        }
        if (reason == null && state != NoteState.PENDING && state != NoteState.ARCHIVED) {
            throw new IllegalArgumentException("state " + state + " requires a reason");
        }
        if (dueAt == null && (state == NoteState.PENDING || state == NoteState.POSTPONED)) {
            throw new IllegalArgumentException("state " + state + " requires a due time");
        }
    }

    /** Failed attempts of the provider and of files, in total and in {@code countedNight}. */
    public record Counters(
            int attempts,
            int attemptsTonight,
            int mediaAttempts,
            int mediaAttemptsTonight,
            @Nullable LocalDate countedNight) {

        public Counters {
            if (attempts < 0 || attemptsTonight < 0 || mediaAttempts < 0 || mediaAttemptsTonight < 0) {
                throw new IllegalArgumentException("attempts must not be negative");
            }
        }

        /** Returns the counters in a night, with the attempts tonight as 0 if they are of another one. */
        Counters in(LocalDate night) {
            return night.equals(countedNight) ? this : new Counters(attempts, 0, mediaAttempts, 0, null);
        }

        private Counters count(Counter counter, LocalDate tonight) {
            Counters before = in(tonight);
            int call = counter == Counter.CALL ? 1 : 0;
            int media = counter == Counter.MEDIA ? 1 : 0;
            return new Counters(
                    attempts + call,
                    before.attemptsTonight + call,
                    mediaAttempts + media,
                    before.mediaAttemptsTonight + media,
                    tonight);
        }
    }

    /**
     * Schedule of refreshes. {@link Enqueuer} and {@link RefreshPlan} change it during claims too.
     *
     * @param refreshDays interval in nights; null for that of the settings
     * @param refreshOn night of a single refresh; null for none
     * @param refreshNight night of the next refresh, if it does not follow from the last response
     * @param refreshAttempts consecutive nights of failed refreshes
     */
    public record Refresh(
            @Nullable Integer refreshDays,
            @Nullable LocalDate refreshOn,
            @Nullable LocalDate refreshNight,
            int refreshAttempts) {

        public Refresh {
            if (refreshDays != null && (refreshDays < 1 || refreshDays > Enqueuer.MAX_GAP_DAYS)) {
                throw new IllegalArgumentException("invalid refresh interval: " + refreshDays + " days");
            }
        }

        private Refresh with(@Nullable LocalDate night, int attempts) {
            return new Refresh(refreshDays, refreshOn, night, attempts);
        }
    }

    public record Origin(int priority, String source, Instant enqueuedAt) {

        public Origin {
            if (source == null || enqueuedAt == null) {
                throw new IllegalArgumentException("source and enqueuedAt of a worklist row are required");
            }
            if (priority < 0 || priority > 9) {
                throw new IllegalArgumentException("priority must be 0 to 9, not " + priority);
            }
        }
    }

    /** Returns the row after a transition. Pure; the only code that computes these columns for a single note. */
    public WorklistRow apply(Transition transition, Instant now) {
        return switch (transition) {
            case StateTransition(var to, var counts, var due, var cause) ->
                with(to, due, cause, now, counters.count(counts, Night.of(now).date()), refresh.with(null, 0));
            case RefreshResult(var to, var again, var failed, var cause) -> {
                boolean keeps = to == NoteState.ARCHIVED;
                Instant due = cause.responseHeld() ? again.begins() : keeps ? dueAt : null;
                Cause held = cause.withResponseHeld(cause.responseHeld() || (keeps && responseHeld));
                yield with(to, due, held, now, counters, refresh.with(again.date(), failed));
            }
            case CompletedByWaiver() -> with(NoteState.ARCHIVED, null, kept(null, null), now, counters, refresh);
            case FileLost(var text) -> {
                Cause lost = kept(StateReason.MEDIA_PENDING, text).withResponseHeld(true);
                yield with(NoteState.POSTPONED, now, lost, settledAt, counters, refresh);
            }
        };
    }

    /** Returns a cause with the last code and missing night of this row. */
    private Cause kept(@Nullable StateReason why, @Nullable String text) {
        return because(why, text)
                .withCode(lastCode)
                .withMissingNight(missingNight == null ? null : new Night(missingNight));
    }

    private WorklistRow with(
            NoteState next,
            @Nullable Instant due,
            Cause cause,
            @Nullable Instant settled,
            Counters counted,
            Refresh planned) {
        Night missing = cause.missingNight();
        return new WorklistRow(
                next,
                cause.responseHeld(),
                due,
                cause.code(),
                cause.reason(),
                cause.detail(),
                missing == null ? null : missing.date(),
                settled,
                counted,
                planned,
                origin);
    }
}

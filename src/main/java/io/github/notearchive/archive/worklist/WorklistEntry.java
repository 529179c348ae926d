package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/** A worklist row with claim and execution, for operators. The components are fields of {@code explain --json}. */
public record WorklistEntry(
        NoteId id,
        NoteState state,
        int priority,
        int attempts,
        int attemptsTonight,
        int mediaAttempts,
        int mediaAttemptsTonight,
        @Nullable LocalDate countedNight,
        @Nullable Instant dueAt,
        @Nullable Integer lastCode,
        @Nullable StateReason reason,
        @Nullable String detail,
        String source,
        Instant enqueuedAt,
        @Nullable Instant settledAt,
        @Nullable Long settledBy,
        @Nullable String claimedBy,
        @Nullable Instant claimedUntil,
        @Nullable Integer refreshDays,
        @Nullable LocalDate refreshOn,
        @Nullable LocalDate refreshNight,
        int refreshAttempts) {}

package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

/** Limits of our own beside that of calls: media bytes of a night, and its end. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=2",
            "archive.source.calls-per-night=100",
            "archive.limits.bytes-per-night=1MB",
            "archive.limits.stop-at=13:30",
            "archive.limits.max-duration=1h"
        })
class NightlyMediaLimitTests extends NightFixture {

    private static final long LIMIT = 1 << 20;

    @Test
    void bytesOfANightEndItAcrossRestartsAndNodesAndTheRestComesTheNextNight() {
        List<String> notes = night.pending(SandboxNoteKind.TEXT, 6);
        storedElsewhere(LIMIT - 1, night.clock().instant().minus(Duration.ofDays(1)));
        storedElsewhere(LIMIT - 1, night.clock().instant());
        List<String> pictures = night.pending(SandboxNoteKind.IMAGES, 10);

        RunSummary first = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(first.reason())
                .isEqualTo(
                        "our own limit of 1MB of media a night is used up; nothing more before 2026-03-11 00:00 Shanghai");
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED");
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(pictures.stream()
                        .filter(note -> night.state(note) == ARCHIVED)
                        .count())
                .as("notes in progress are finished")
                .isBetween(1L, 2L);
        assertThat(night.states(pictures)).containsOnly(ARCHIVED, PENDING);
        int calls = night.calls();

        RunSummary again = night.run(ExitCode.QUOTA_EXHAUSTED);
        RunSummary elsewhere = night.run(new RunOptions(null, null, true, "other"));

        assertThat(again.execution()).isNull();
        assertEnded(elsewhere, ExitCode.QUOTA_EXHAUSTED);
        assertThat(elsewhere.execution()).isNull();
        assertThat(night.calls()).isEqualTo(calls);

        night.isNextDay();
        RunSummary next = night.run();

        assertThat(next.restart()).isTrue();
        assertThat(night.calls()).isGreaterThan(calls);
    }

    @Test
    void bytesThatAreStoredAndNotYetInTheTablesCountAsSoonAsTheyAre() throws Exception {
        storedElsewhere(LIMIT - 1, night.clock().instant());
        List<String> pictures = night.pending(SandboxNoteKind.IMAGES, 6);
        String lock = "LOCK TABLE media_object IN SHARE ROW EXCLUSIVE MODE";
        CompletableFuture<RunSummary> run = ArchiveDatabase.whileLocked(night.connect(), lock, () -> {
            CompletableFuture<RunSummary> aside = night.runAside();
            await(
                    "both notes have their files stored and no rows",
                    () -> night.rows("pg_locks WHERE NOT granted") > 0
                            && night.objects("notes/").size() == 2);
            assertThat(night.part(NightlyBytes.class).refusal()).isEmpty();
            return aside;
        });

        ended(run, ExitCode.QUOTA_EXHAUSTED);
        assertThat(pictures.stream().filter(note -> night.state(note) == ARCHIVED))
                .hasSize(2);
    }

    @Test
    void limitWithoutDueNotesIsNotMet() {
        night.pending(SandboxNoteKind.TEXT, 2);
        night.run(ExitCode.COMPLETED);
        List<String> pictures = night.pending(SandboxNoteKind.IMAGES, 1);
        storedElsewhere(LIMIT - 1, night.clock().instant());

        night.run(ExitCode.COMPLETED);

        assertThat(night.states(pictures)).containsOnly(ARCHIVED);
    }

    @Test
    void callsOfAnotherNodeThatRunsAtOnceAreWithinOneLimit() throws Exception {
        night.pending(SandboxNoteKind.TEXT, 10);
        CompletableFuture<RunSummary> run = night.runUntilHeld(2);
        night.update("UPDATE nightly_calls SET calls = calls + 95");

        RunSummary limited = night.release(run, ExitCode.QUOTA_EXHAUSTED);

        assertThat(limited.reason()).startsWith("our own limit of 100 calls a night is used up");
        assertThat(night.calls()).isEqualTo(5);
        assertThat(night.archived()).hasSize(5);
        night.run(ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.calls()).isEqualTo(5);
    }

    @Test
    void timeOfDayEndsTheRunAndLeavesTheRestDue() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.TEXT, 8);
        CompletableFuture<RunSummary> run = night.runUntilHeld(2);
        night.clock().set(Instant.parse("2026-03-10T13:30:00+08:00"));
        await("the night is over", () -> gate.stopReason().isPresent());

        RunSummary stopped = night.release(run, ExitCode.INTERRUPTED);

        assertThat(stopped.reason()).isEqualTo("archive.limits.stop-at 2026-03-10 13:30 Shanghai was reached");
        assertThat(night.archived()).hasSize(2);

        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
    }

    /** Another node has stored a file of so many bytes. */
    private void storedElsewhere(long bytes, Instant at) {
        night.update("""
                INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                SELECT d, 'media/' || left(d, 2) || '/' || d || '.jpg', ?, 'image/jpeg', t, t
                FROM (VALUES (?::timestamptz)) AS time (t), encode(sha256(convert_to(t::text, 'UTF8')), 'hex') AS digest (d)
                """, bytes, Timestamp.from(at));
    }
}

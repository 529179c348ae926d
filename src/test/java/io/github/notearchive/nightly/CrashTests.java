package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.TestPropertySource;

/** The next run recovers executions and claims of a killed process, and leaves those of an active one unchanged. */
@NightlyJobTest
@TestPropertySource(properties = NightSettings.MANY_WORKERS)
class CrashTests extends NightFixture {

    private static final int NO_HOLDER = 0;
    private static final String LOCK = "SELECT pg_advisory_lock(hashtext('note-archive'), hashtext('main'))";

    @ParameterizedTest
    @CsvSource({"STARTED, STARTED", "UNKNOWN, UNKNOWN", "STOPPED, STARTED", "STARTED, COMPLETED"})
    void orphanedExecutionIsRecoveredAndItsInstanceCompleted(String job, String workers) {
        List<String> notes = night.pending(30);
        assertEnded(night.runAtMost(10), ExitCode.INTERRUPTED);
        leaveBehind(job, workers);
        night.claimedBy("main", pending(notes));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.restart()).isTrue();
        assertThat(night.instances()).hasSize(1);
        assertThat(night.executions()).hasSize(2);
        assertThat(night.executions().getLast().status()).isEqualTo("COMPLETED");
        if (!job.equals("STOPPED")) {
            assertThat(night.executions().getFirst())
                    .returns("FAILED", NightlyScenario.Execution::status)
                    .returns("CRASHED", NightlyScenario.Execution::exitCode);
        }
        assertThat(night.rows("batch_job_execution WHERE end_time IS NULL")).isZero();
        assertThat(night.count("SELECT count(*) FROM batch_step_execution WHERE end_time IS NULL"
                        + " OR status IN ('STARTED', 'UNKNOWN')"))
                .isZero();
        night.assertArchived(notes, 30);
    }

    @Test
    void crashBeforeAnythingWasReadIsRecoveredToo() {
        List<String> notes = night.pending(3);
        assertEnded(night.runAtMost(1), ExitCode.INTERRUPTED);
        leaveBehind("STARTED", "STARTED");
        night.update("""
                DELETE FROM batch_step_execution_context;
                DELETE FROM batch_step_execution;
                UPDATE batch_job_execution SET status = 'STARTING', start_time = NULL
                """);

        night.run(ExitCode.COMPLETED);

        assertThat(night.instances()).hasSize(1);
        night.assertArchived(notes, 3);
    }

    @Test
    void instanceWithoutExecutionIsSkipped() {
        List<String> notes = night.pending(5);
        assertEnded(night.runAtMost(3), ExitCode.INTERRUPTED);
        night.update("TRUNCATE batch_job_execution, batch_job_execution_params, batch_job_execution_context,"
                + " batch_step_execution, batch_step_execution_context");

        night.run(ExitCode.COMPLETED);

        assertThat(night.rows("batch_job_instance")).isEqualTo(2);
        night.assertArchived(notes, 5);
    }

    @Test
    void claimsOfAnotherNodeAreNeitherTakenNorWaitedFor() {
        List<String> notes = night.pending(5);
        night.claimedBy("other", pending(notes));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isZero();
        assertThat(night.states(notes)).containsOnly(PENDING);
        assertThat(night.claims()).isEqualTo(5);

        night.update("UPDATE worklist SET claimed_until = now() - interval '1 second'");
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 5);
    }

    @Test
    void secondRunnerOfTheNodeChangesNothing() throws Exception {
        List<String> notes = night.pending(5);
        assertEnded(night.runAtMost(1), ExitCode.INTERRUPTED);
        leaveBehind("STARTED", "STARTED");
        night.claimedBy("main", pending(notes));
        try (Connection first = night.connect();
                Statement statement = first.createStatement()) {
            statement.execute(LOCK);

            RunSummary second = night.run(ExitCode.ALREADY_RUNNING);

            assertThat(second.exitCode().number()).isEqualTo(5);
            assertThat(second.execution()).isNull();
            assertThat(night.executions())
                    .singleElement()
                    .satisfies(execution -> assertThat(execution.status()).isEqualTo("STARTED"));
            assertThat(night.claims()).isEqualTo(4);
            assertThat(night.calls()).isEqualTo(1);
        }

        night.run(ExitCode.COMPLETED);
        night.assertArchived(notes, 5);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void lostRunnerLockIsAcquiredAgainAndTheRunContinues(boolean isEnding) throws Exception {
        List<String> notes = night.pending(5);
        CompletableFuture<RunSummary> run = night.runUntilHeld(5);
        if (isEnding) {
            gate.close(ExitCode.INTERRUPTED, "a test ends it");
        }
        int before = lockHolder();

        cut(before);

        await("the lock is taken again", () -> lockHolder() != before && lockHolder() != NO_HOLDER);
        RunSummary ended = night.release(run, isEnding ? ExitCode.INTERRUPTED : ExitCode.COMPLETED);
        assertThat(ended.reason().equals("a test ends it")).isEqualTo(isEnding);
        night.assertArchived(notes, 5);
    }

    @Test
    void aRunThatLostItsLockToAnotherEndsWithoutAnotherCall() throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        try (Connection other = night.connect();
                Statement statement = other.createStatement()) {
            CompletableFuture<Void> taken = CompletableFuture.runAsync(() -> {
                try {
                    statement.execute(LOCK);
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            await(
                    "another session waits for the lock",
                    () -> night.count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                            == 1);
            cut(lockHolder());
            taken.get();
            await("the run has seen it", () -> gate.stopReason().isPresent());

            RunSummary ended = night.release(run, ExitCode.UPSTREAM_UNAVAILABLE);

            assertThat(ended.reason()).contains("another process holds the lock now");
            assertThat(night.calls()).isEqualTo(32);
        }
        night.run(ExitCode.COMPLETED);
        night.assertArchived(notes, 40);
    }

    @Test
    void anotherNodeHasInstancesOfItsOwn() {
        night.pending(4);
        assertEnded(night.runAtMost(1), ExitCode.INTERRUPTED);

        RunSummary other = night.run(new RunOptions(null, null, false, "other"));

        assertEnded(other, ExitCode.COMPLETED);
        assertThat(other.restart()).isFalse();
        assertThat(night.instances()).hasSize(2);
        assertThat(night.archived()).hasSize(4);
        assertThat(night.calls()).isEqualTo(4);

        RunSummary main = night.run(ExitCode.COMPLETED);

        assertThat(main.restart()).isTrue();
        assertThat(night.instances()).hasSize(2);
    }

    private int lockHolder() {
        return night.sql()
                .sql("SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND granted")
                .query(Integer.class)
                .optional()
                .orElse(NO_HOLDER);
    }

    private void cut(int backend) {
        assertThat(night.count("SELECT pg_terminate_backend(" + backend + ", 5000)::int"))
                .isOne();
    }

    private List<String> pending(List<String> notes) {
        return notes.stream().filter(note -> night.state(note) == PENDING).toList();
    }

    /** As a killed process, or one whose database went away, leaves its newest execution. */
    private void leaveBehind(String job, String workers) {
        night.update("""
                UPDATE batch_job_execution SET status = ?, exit_code = 'UNKNOWN',
                       end_time = CASE WHEN ? IN ('STARTED', 'UNKNOWN') THEN NULL ELSE end_time END
                """, job, job);
        night.update("""
                UPDATE batch_step_execution SET status = ?, exit_code = 'EXECUTING',
                       end_time = CASE WHEN ? = 'COMPLETED' THEN end_time END
                """, workers, workers);
    }
}

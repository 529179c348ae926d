package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** A run waits for the database and the store, for {@code archive.outage.after} at most. */
@NightlyJobTest
@TestPropertySource(
        properties = {
            NightSettings.MANY_WORKERS,
            "archive.outage.after=12s",
            "spring.datasource.hikari.connection-timeout=1000"
        })
class UnavailableServerTests extends NightFixture {

    /** The limit, and time for a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(50);

    @DynamicPropertySource
    static void relayedDatabase(DynamicPropertyRegistry settings) {
        settings.add("spring.datasource.url", () -> NightServers.running().relayedJdbcUrl());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void serverThatRecoversCostsNothing(boolean isStore) throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 50);
        CompletableFuture<RunSummary> run = runWithout(server(isStore));
        await("work waits", () -> isStore ? night.repeatedSteps() > 0 : night.hasSpooledResponse());

        mend(isStore);

        assertCompletedInOneExecution(run, notes);
        assertThat(run.get().notes().archived()).isEqualTo(notes.size());
        assertThat(night.count("SELECT sum(attempts + media_attempts) FROM worklist"))
                .isZero();
        assertThat(run.get().files().stored()).isEqualTo(night.rows("media_object"));
    }

    @Tag("long")
    @Test
    void repeatedlyCutDatabaseConnectionsCostNothing() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 100);
        night.wayToDatabase().cutEach(300_000, 12);

        CompletableFuture<RunSummary> run = night.runAside();
        assertEnded(ended(run), ExitCode.COMPLETED);
        night.mendWayToDatabase();

        assertThat(night.claims()).isZero();
        assertCompletedInOneExecution(run, notes);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void serverThatRemainsUnavailableEndsTheRunAndTheNextOneCompletes(boolean isStore) throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = runWithout(server(isStore));

        assertEnded(ended(run), ExitCode.UPSTREAM_UNAVAILABLE);
        if (isStore) {
            assertThat(night.exitCodes()).containsExactly("UPSTREAM_UNAVAILABLE");
            night.assertUntouched(notes);
            assertThat(night.claims()).isZero();
            assertThat(night.rows("note")).isZero();
            assertThat(night.calls()).isEqualTo(night.provider().granted());
        }

        mend(isStore);
        night.run(ExitCode.COMPLETED);
        night.assertBoughtOnce(notes);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    void signalEndsTheWaitForTheStore() throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = runWithout(night.wayToStore());
        await("a step is repeated", () -> night.repeatedSteps() > 0);

        gate.close(ExitCode.INTERRUPTED, "SIGTERM");

        assertEnded(ended(run), ExitCode.INTERRUPTED);
        assertThat(night.states(notes)).containsOnly(PENDING);
    }

    /** Spring Batch writes the end of an execution last, and throws when it cannot. */
    @Test
    void databaseThatRejectsTheEndOfARunHidesNoneOfItsCounts() throws Exception {
        List<String> notes = night.pending(3);
        RunSummary run = night.withFullDisk("batch_job_execution", "NEW.end_time IS NOT NULL", night::run);

        assertEnded(run, ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(run.reason()).contains("could not extend file");
        assertThat(run.execution()).isEqualTo(night.executions().getLast().id());
        assertThat(run.notes().archived()).isEqualTo(3);
        assertThat(run.bill().billed()).isEqualTo(3);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
    }

    /** The worker that received the code could not write it, and is not the one that ends the run. */
    @Test
    void quotaThatIsUsedUpWhileTheDatabaseIsUnavailableEndsTheRunAndIsRecorded() throws Exception {
        night.pending(60);
        night.script().grants(20);

        RunSummary run =
                night.refusing("INSERT ON source_gate", "true", "53300", "too many connections", 3, night::run);

        assertEnded(run, ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.rows("source_gate WHERE code = 303")).isOne();
        assertThat(night.archived()).hasSize(20);
    }

    /** Starts a run whose calls are answered after this server has become unavailable. */
    private CompletableFuture<RunSummary> runWithout(TcpProxy server) throws InterruptedException {
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        server.down();
        night.provider().releaseResponses();
        return run;
    }

    private TcpProxy server(boolean isStore) {
        return isStore ? night.wayToStore() : night.wayToDatabase();
    }

    private void mend(boolean isStore) throws InterruptedException {
        if (isStore) {
            night.wayToStore().mend();
        } else {
            night.mendWayToDatabase();
        }
    }

    private void assertCompletedInOneExecution(CompletableFuture<RunSummary> run, List<String> notes) throws Exception {
        RunSummary summary = ended(run);
        assertEnded(summary, ExitCode.COMPLETED);
        assertThat(night.executions()).hasSize(1);
        night.assertBoughtOnce(notes);
        assertThat(night.calls()).isEqualTo(notes.size());
    }

    private static RunSummary ended(CompletableFuture<RunSummary> run) throws Exception {
        return run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}

package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;

/** A run that is ended from outside releases its claims and is resumed; the counts of its steps are exact. */
@NightlyJobTest
@TestPropertySource(properties = NightSettings.MANY_WORKERS)
class InterruptionTests extends NightFixture {

    @Autowired
    JobRepository repository;

    @Autowired
    JobOperator operator;

    @Autowired
    JobExecutionQueries executions;

    @Test
    void limitOfNotesEndsTheRunAndTheNextOneContinues() {
        List<String> notes = night.pending(30);
        long claimBefore = night.count("SELECT nextval('worklist_claim_seq')");

        RunSummary limited = night.runAtMost(7);

        assertEnded(limited, ExitCode.INTERRUPTED);
        assertThat(limited.exitCode().number()).isEqualTo(7);
        night.assertExecution("STOPPED", "INTERRUPTED");
        assertThat(night.archived()).hasSize(7);
        assertThat(night.calls()).isEqualTo(7);
        assertThat(night.count("SELECT last_value FROM worklist_claim_seq"))
                .as("claims")
                .isEqualTo(claimBefore + 7);

        RunSummary rest = night.run(ExitCode.COMPLETED);

        assertThat(rest.restart()).isTrue();
        assertThat(night.instances()).hasSize(1);
        night.assertArchived(notes, 30);
    }

    @Test
    void limitOfAllDueNotesDoesNotInterruptTheRun() {
        night.pending(3);

        assertEnded(night.runAtMost(3), ExitCode.COMPLETED);

        assertThat(night.archived()).hasSize(3);
    }

    @Test
    void timeBoxFinishesNotesInFlightAndClaimsNoMore() throws Exception {
        List<String> notes = night.pending(40);
        night.provider().holdResponses();
        CompletableFuture<RunSummary> run = night.runAside(new RunOptions(null, Duration.ofSeconds(4), false, "main"));
        night.provider().awaitHeld(WORKERS, NightlyScenario.PATIENCE);
        await("the time box is over", () -> gate.stopReason().isPresent());

        night.release(run, ExitCode.INTERRUPTED);

        assertThat(night.archived()).hasSize(WORKERS);
        assertThat(night.calls()).isEqualTo(WORKERS);

        night.run(ExitCode.COMPLETED);
        night.assertArchived(notes, 40);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    @DirtiesContext
    void signalBeforeTheRunLetsItBuyNothing() {
        List<String> notes = night.pending(5);
        gate.stop("SIGTERM");

        night.run(ExitCode.INTERRUPTED);

        assertThat(night.calls()).isZero();
        night.assertUntouched(notes);
    }

    @Test
    @DirtiesContext
    void signalWhileClaimsAreBeingWrittenReleasesThem() throws Exception {
        List<String> notes = night.pending(40);
        night.provider().holdResponses();
        night.update("""
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NEW; END $$;
                CREATE TRIGGER hold BEFORE UPDATE ON worklist FOR EACH ROW
                WHEN (OLD.claim_id IS NULL AND NEW.claim_id IS NOT NULL) EXECUTE FUNCTION hold()
                """);
        CompletableFuture<RunSummary> run;
        try (Connection other = night.connect();
                Statement lock = other.createStatement()) {
            other.setAutoCommit(false);
            lock.execute("SELECT pg_advisory_xact_lock(77)");
            run = night.runAside();
            await(
                    "claims are being written",
                    () -> night.count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0);
            gate.stop("SIGTERM");
            other.rollback();
        } finally {
            night.update("DROP FUNCTION hold() CASCADE");
        }

        night.release(run, ExitCode.INTERRUPTED);

        assertThat(night.states(notes)).contains(PENDING);
        assertThat(night.calls()).isEqualTo(night.archived().size());
    }

    @Test
    @DirtiesContext
    void signalFinishesWhatIsInFlight() throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        gate.stop("SIGTERM");

        RunSummary stopped = night.release(run, ExitCode.INTERRUPTED);

        night.assertExecution("STOPPED", "INTERRUPTED");
        assertThat(night.executions().getFirst().message()).contains("SIGTERM");
        assertThat(night.archived()).hasSize(WORKERS);
        assertThat(night.calls()).isEqualTo(WORKERS);
        assertThat(night.states(notes)).containsOnly(ARCHIVED, PENDING);
        assertThat(night.readAndWritten(stopped.execution())).containsExactly((long) WORKERS, (long) WORKERS);
    }

    @Test
    @DirtiesContext
    void secondSignalReleasesNotesAtOnceWithUnchangedStatesAndCounters() throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        gate.stop("SIGTERM");
        gate.stop("SIGTERM");

        RunSummary stopped = ended(run, ExitCode.INTERRUPTED);

        night.assertUntouched(notes);
        assertThat(night.calls()).isEqualTo(WORKERS);
        assertThat(night.rows("api_call WHERE billed = 'UNKNOWN' AND response IS NULL"))
                .isEqualTo(WORKERS);
        assertThat(stopped.notes().released()).isEqualTo(WORKERS);
    }

    @Test
    @DirtiesContext
    void secondSignalAbortsDownloadsAndTheirResponsesAreUsedLater() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.SOUND, 4);
        night.script().media(_ -> true, Reply.hang());
        CompletableFuture<RunSummary> run = night.runAside();
        await("downloads hang", () -> night.provider().mediaRequests() >= 4);
        gate.stop("SIGTERM");
        gate.stop("SIGTERM");

        RunSummary stopped = ended(run, ExitCode.INTERRUPTED);

        night.assertUntouched(notes);
        assertThat(night.bills(notes.getFirst())).containsExactly("YES");
        assertThat(night.calls()).isEqualTo(4);
    }

    // counts of the steps in the job repository, written once a second, and stops requested there

    /** As a process that is killed then leaves them: the workers wait, and end no further chunk. */
    @Test
    void countsAreWrittenWhileOtherNotesAreInProgress() throws Exception {
        night.pending(SandboxNoteKind.SOUND, 2);
        night.pending(7);
        night.provider().holdMedia();
        CompletableFuture<RunSummary> run = night.runAside();
        night.provider().awaitHeldMedia(2, NightlyScenario.PATIENCE);
        await("7 notes are archived", () -> night.archived().size() == 7);
        Instant archived = Instant.now();

        await("7 notes are counted", () -> night.readAndWritten(execution()).equals(List.of(7L, 7L)));

        assertThat(Duration.between(archived, Instant.now())).isLessThan(Duration.ofSeconds(3));
        assertThat(night.executions().getFirst().status()).isEqualTo("STARTED");
        night.provider().releaseMedia();
        RunSummary ended = ended(run, ExitCode.COMPLETED);
        assertThat(night.readAndWritten(ended.execution())).containsExactly(9L, 9L);
    }

    @Test
    void countsAreExactAfterAFailure() throws Exception {
        String refused = night.pending(60).get(40);

        RunSummary run = night.refusing(
                "INSERT ON api_call", "NEW.note_id = '" + refused + "'", "54000", "not now", 9, night::run);

        assertEnded(run, ExitCode.FAILED);
        assertThat(night.archived()).hasSize((int) run.notes().archived()).isNotEmpty();
        assertThat(night.readAndWritten(run.execution()).getLast())
                .isEqualTo(run.notes().archived() + run.notes().released());
    }

    @Test
    void countsOfAStepThatWasWrittenMeanwhileAreNotOverwritten() {
        night.pending(3);
        RunSummary run = night.run(ExitCode.COMPLETED);
        StepExecution step = worker(run.execution());
        step.setWriteCount(1_000);

        executions.writeCounts(List.of(step));
        step.setVersion(Objects.requireNonNull(step.getVersion()) - 1);
        step.setWriteCount(2_000);
        executions.writeCounts(List.of(step));

        assertThat(worker(run.execution()).getWriteCount()).isEqualTo(1_000);
    }

    /** All workers wait for the provider, so none ends a chunk. */
    @Test
    void stopThroughJobOperatorIsSeenByARunWhoseWorkersWait() throws Exception {
        List<String> notes = night.pending(40);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        Instant requested = Instant.now();

        assertThat(operator.stop(Objects.requireNonNull(repository.getJobExecution(execution()))))
                .isTrue();
        await("the stop is seen", () -> gate.stopReason().isPresent());

        assertThat(Duration.between(requested, Instant.now())).isLessThan(Duration.ofSeconds(3));
        RunSummary stopped = night.release(run, ExitCode.INTERRUPTED);
        assertThat(stopped.reason()).contains("JobOperator");
        night.assertExecution("STOPPED", "INTERRUPTED");
        assertThat(night.archived()).hasSize(WORKERS);
        assertThat(night.claims()).isZero();
        assertThat(night.readAndWritten(stopped.execution())).containsExactly((long) WORKERS, (long) WORKERS);
        night.run(ExitCode.COMPLETED);
        night.assertArchived(notes, 40);
    }

    private long execution() {
        return night.executions().getLast().id();
    }

    private StepExecution worker(long execution) {
        JobExecution job = Objects.requireNonNull(repository.getJobExecution(execution));
        return job.getStepExecutions().stream()
                .filter(step -> step.getStepName().endsWith(":w0"))
                .findFirst()
                .orElseThrow();
    }
}

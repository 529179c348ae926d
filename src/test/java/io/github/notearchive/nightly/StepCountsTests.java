package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.sandbox.SandboxNoteKind;
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

/** Counts of the steps in the job repository, written once a second, and stops requested there. */
@NightlyJobTest
class StepCountsTests extends NightFixture {

    @Autowired
    JobRepository repository;

    @Autowired
    JobOperator operator;

    @Autowired
    JobExecutionQueries executions;

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
        assertThat(night.readAndWritten(ended.executionId())).containsExactly(9L, 9L);
    }

    @Test
    void countsAreExactAfterAFailure() throws Exception {
        String refused = night.pending(60).get(40);

        RunSummary run = night.refusing(
                "INSERT ON api_call", "NEW.note_id = '" + refused + "'", "54000", "not now", 9, night::run);

        assertEnded(run, ExitCode.FAILED);
        assertThat(night.archived()).hasSize((int) run.notes().archived()).isNotEmpty();
        assertThat(night.readAndWritten(run.executionId()).getLast())
                .isEqualTo(run.notes().archived() + run.notes().released());
    }

    @Test
    void countsOfAStepThatWasWrittenMeanwhileAreNotOverwritten() {
        night.pending(3);
        RunSummary run = night.run(ExitCode.COMPLETED);
        StepExecution step = worker(run.executionId());
        step.setWriteCount(1_000);

        executions.writeCounts(List.of(step));
        step.setVersion(Objects.requireNonNull(step.getVersion()) - 1);
        step.setWriteCount(2_000);
        executions.writeCounts(List.of(step));

        assertThat(worker(run.executionId()).getWriteCount()).isEqualTo(1_000);
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
        assertThat(night.readAndWritten(stopped.executionId())).containsExactly((long) WORKERS, (long) WORKERS);
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

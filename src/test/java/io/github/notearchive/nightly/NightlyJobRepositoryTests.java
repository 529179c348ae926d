package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import io.github.notearchive.batch.JobExecutionQueries;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.dao.DataAccessResourceFailureException;

/** Updates of the job repository by a worker. */
class NightlyJobRepositoryTests {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    private final JobRepository written = mock();
    private final JobExecutionQueries executions = mock();
    private final NightlyJobRepository counts = new NightlyJobRepository(
            written, OutageRetryTests.retryFor(new RunStopper(mock(), mock()), TEN_MINUTES), executions);
    private final JobRepository repository = counts.repository();
    private final JobExecution job = new JobExecution(1, new JobInstance(1, "night"), new JobParameters());
    private final StepExecution step = new StepExecution(1, "worker", job);

    NightlyJobRepositoryTests() {
        step.setVersion(1);
        step.setStatus(BatchStatus.STARTED);
    }

    @Test
    void startAndEndOfAStepAreWrittenAtOnceAndItsChunksTogether() {
        repository.update(step);
        endChunk();
        endChunk();
        verify(written, times(1)).update(step);
        verify(written, never()).updateExecutionContext(any(StepExecution.class));

        counts.writeCounts();
        counts.writeCounts();
        verify(executions, times(1)).writeCounts(List.of(step));

        endChunk();
        step.setStatus(BatchStatus.COMPLETED);
        repository.update(step);
        repository.updateExecutionContext(step);
        counts.writeCounts();
        verify(written, times(2)).update(step);
        verify(written).updateExecutionContext(step);
        verify(executions, times(1)).writeCounts(any());
    }

    @Test
    void countsThatCouldNotBeWrittenAreWrittenByTheNextCall() {
        endChunk();
        doThrow(new DataAccessResourceFailureException("the connection is refused"))
                .doNothing()
                .when(executions)
                .writeCounts(any());

        assertThatThrownBy(counts::writeCounts).isInstanceOf(DataAccessResourceFailureException.class);
        counts.writeCounts();
        counts.writeCounts();

        verify(executions, times(2)).writeCounts(List.of(step));
    }

    private void endChunk() {
        step.incrementCommitCount();
        repository.updateExecutionContext(step);
        repository.update(step);
    }
}

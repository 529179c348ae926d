package io.github.notearchive.nightly;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;

/** Updates of the job repository by a worker. */
class NightlyJobRepositoryTests {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    private final JobRepository written = mock();
    private final JobRepository repository = NightlyJobRepository.of(written, OutageRetryTests.retryFor(TEN_MINUTES));
    private final JobExecution job = new JobExecution(1, new JobInstance(1, "night"), new JobParameters());
    private final StepExecution step = new StepExecution(1, "worker", job);

    NightlyJobRepositoryTests() {
        step.setVersion(1);
        job.setVersion(1);
    }

    @Test
    void chunkWritesChangedContext() {
        step.setStatus(BatchStatus.STARTED);

        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.getExecutionContext().put("at", 2L);
        repository.updateExecutionContext(step);

        verify(written, times(2)).updateExecutionContext(step);
    }

    @Test
    void chunkDoesNotWriteUnchangedContext() {
        step.setStatus(BatchStatus.STARTED);

        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);

        verify(written, times(1)).updateExecutionContext(step);
    }

    /** Its chunk may have been rolled back, the write of its context with it. */
    @Test
    void endOfStepWritesContext() {
        step.setStatus(BatchStatus.STARTED);
        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.setStatus(BatchStatus.COMPLETED);

        repository.updateExecutionContext(step);

        verify(written, times(2)).updateExecutionContext(step);
    }

    @Test
    void otherUpdatesAreWritten() {
        step.setStatus(BatchStatus.STARTED);

        repository.update(step);
        repository.update(step);
        repository.updateExecutionContext(job);
        repository.updateExecutionContext(job);

        verify(written, times(2)).update(step);
        verify(written, times(2)).updateExecutionContext(job);
    }
}

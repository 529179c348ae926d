package io.github.notearchive.batch;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import org.junit.jupiter.api.Test;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;

/** When the context of a step is written, and when not. */
class UnchangedContextSkipperTests {

    private final JobRepository written = mock();
    private final JobRepository repository =
            (JobRepository) new UnchangedContextSkipper().postProcessAfterInitialization(written, "jobRepository");
    private final JobExecution job = new JobExecution(1, new JobInstance(1, "night"), new JobParameters());
    private final StepExecution step = new StepExecution(1, "worker", job);

    @Test
    void aChunkWritesAContextThatHasChanged() {
        step.setStatus(BatchStatus.STARTED);

        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.getExecutionContext().put("at", 2L);
        repository.updateExecutionContext(step);

        verify(written, times(2)).updateExecutionContext(step);
    }

    @Test
    void aChunkWritesNoContextThatIsAsItWas() {
        step.setStatus(BatchStatus.STARTED);

        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);

        verify(written, times(1)).updateExecutionContext(step);
    }

    /** Its chunk may have been rolled back, the write of its context with it. */
    @Test
    void theEndOfAStepWritesItsContextInAnyCase() {
        step.setStatus(BatchStatus.STARTED);
        step.getExecutionContext().put("at", 1L);
        repository.updateExecutionContext(step);
        step.setStatus(BatchStatus.COMPLETED);

        repository.updateExecutionContext(step);

        verify(written, times(2)).updateExecutionContext(step);
    }

    @Test
    void allElseIsWrittenAsBefore() {
        step.setStatus(BatchStatus.STARTED);

        repository.update(step);
        repository.update(step);
        repository.updateExecutionContext(job);
        repository.updateExecutionContext(job);

        verify(written, times(2)).update(step);
        verify(written, times(2)).updateExecutionContext(job);
    }
}

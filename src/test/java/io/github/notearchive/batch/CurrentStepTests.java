package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.scope.context.StepSynchronizationManager;
import org.springframework.batch.core.step.StepExecution;

class CurrentStepTests {

    @Test
    void terminatesTheStepOfTheCurrentThread() {
        JobExecution job = new JobExecution(7, new JobInstance(1, "job"), new JobParameters());
        StepExecution step = new StepExecution(8, "step", job);
        StepSynchronizationManager.register(step);
        try {
            CurrentStep.end();
        } finally {
            StepSynchronizationManager.close();
        }

        assertThat(step.isTerminateOnly()).isTrue();
    }

    @Test
    void rejectsAThreadWithoutStep() {
        assertThatIllegalStateException()
                .isThrownBy(CurrentStep::end)
                .withMessageContaining(Thread.currentThread().getName())
                .withMessageContaining("executes no step");
    }
}

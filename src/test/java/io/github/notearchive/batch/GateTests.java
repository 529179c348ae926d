package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.scope.context.StepSynchronizationManager;
import org.springframework.batch.core.step.StepExecution;

class GateTests {

    private final Gate gate = new JobStopper();

    @Test
    void keepsTheFirstReason() {
        gate.open();
        assertThat(gate.isClosed()).isFalse();

        assertThat(gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable"))
                .isTrue();
        assertThat(gate.close(ExitCode.FAILED, "later")).isFalse();

        assertThat(gate.stopReason())
                .contains(new StopReason(ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable"));
        gate.open();
        assertThat(gate.isClosed()).as("for the next job").isFalse();
    }

    @Test
    void staysClosedAfterASignalBeforeTheJob() {
        gate.interrupt("SIGTERM");

        gate.open();

        assertThat(gate.stopReason()).contains(new StopReason(ExitCode.INTERRUPTED, "SIGTERM"));
    }

    @Test
    void terminatesTheStepOfTheCurrentThread() {
        JobExecution job = new JobExecution(7, new JobInstance(1, "job"), new JobParameters());
        StepExecution step = new StepExecution(8, "step", job);
        StepSynchronizationManager.register(step);
        try {
            Gate.endStep();
        } finally {
            StepSynchronizationManager.close();
        }

        assertThat(step.isTerminateOnly()).isTrue();
        assertThatIllegalStateException().isThrownBy(Gate::endStep).withMessageContaining("executes no step");
    }
}

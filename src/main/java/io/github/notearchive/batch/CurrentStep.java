package io.github.notearchive.batch;

import org.springframework.batch.core.scope.context.StepContext;
import org.springframework.batch.core.scope.context.StepSynchronizationManager;

/** The Spring Batch step of the current thread. */
public final class CurrentStep {

    private CurrentStep() {}

    /**
     * Marks the step to terminate, so that the job is STOPPED and not COMPLETED. The current transaction is committed
     * first.
     *
     * @throws IllegalStateException if the thread executes no step, which is a programming error
     */
    public static void end() {
        StepContext context = StepSynchronizationManager.getContext();
        if (context == null) {
            throw new IllegalStateException("Thread " + Thread.currentThread().getName() + " executes no step");
        }
        context.getStepExecution().setTerminateOnly();
    }
}

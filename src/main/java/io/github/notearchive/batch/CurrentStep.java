package io.github.notearchive.batch;

import org.springframework.batch.core.scope.context.StepContext;
import org.springframework.batch.core.scope.context.StepSynchronizationManager;

/** The step that this thread is at work in. */
public final class CurrentStep {

    private CurrentStep() {}

    /**
     * Marks it to terminate, so that the job is STOPPED and not COMPLETED. What its transaction holds is committed
     * first.
     *
     * @throws IllegalStateException when the thread is in none, which is a mistake of the program
     */
    public static void end() {
        StepContext context = StepSynchronizationManager.getContext();
        if (context == null) {
            throw new IllegalStateException(
                    "Thread " + Thread.currentThread().getName() + " is in no step of a job, so it has none to end");
        }
        context.getStepExecution().setTerminateOnly();
    }
}

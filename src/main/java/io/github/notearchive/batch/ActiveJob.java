package io.github.notearchive.batch;

import java.time.Duration;

/** What belongs to one execution of whichever job. */
public abstract class ActiveJob {

    private final long began = System.nanoTime();
    private volatile long jobExecutionId;

    public void startExecution(long execution) {
        jobExecutionId = execution;
        LogContext.execution(execution);
    }

    /** Its row in {@code batch_job_execution}; 0 while there is none. */
    public long jobExecutionId() {
        return jobExecutionId;
    }

    /**
     * What a failure outside of its execution leaves behind, for whoever reads why it ended.
     *
     * @param nothing said where no execution had begun
     */
    public String restartHint(String nothing) {
        return jobExecutionId == 0
                ? nothing
                : "execution %d had begun, and the next one goes on where it was".formatted(jobExecutionId);
    }

    /** How long it has gone on, whatever was done to the clock meanwhile. */
    public Duration took() {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}

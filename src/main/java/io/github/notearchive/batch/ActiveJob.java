package io.github.notearchive.batch;

import java.time.Duration;

/** State of one execution of a job. */
public abstract class ActiveJob {

    private final long startedAt = System.nanoTime();
    private volatile long jobExecutionId;

    public void startExecution(long execution) {
        jobExecutionId = execution;
        LogContext.execution(execution);
    }

    /** Returns the id in {@code batch_job_execution}; 0 before the execution starts. */
    public long jobExecutionId() {
        return jobExecutionId;
    }

    /**
     * Describes how to resume after a failure outside of the execution.
     *
     * @param ifNotStarted returned if no execution was started
     */
    public String restartHint(String ifNotStarted) {
        return jobExecutionId == 0
                ? ifNotStarted
                : "execution %d was started; the next one resumes it".formatted(jobExecutionId);
    }

    /** Returns the time since the start, independent of the system clock. */
    public Duration took() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }
}

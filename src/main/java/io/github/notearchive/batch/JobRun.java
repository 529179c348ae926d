package io.github.notearchive.batch;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.job.JobExecution;

/**
 * State of one run of a job: its gate, its start time and its execution. A job extends it by its options and counts.
 * Created for the run and passed to the constructors of the parts of its job. Thread-safe.
 */
public abstract class JobRun {

    private final Gate gate;
    private final long startedAt = System.nanoTime();
    private volatile @Nullable JobExecution execution;

    protected JobRun(Gate gate) {
        this.gate = gate;
    }

    /** Returns the gate that stops the run. */
    public final Gate gate() {
        return gate;
    }

    /** Records the execution, and names it in the log lines of this thread. */
    final void start(JobExecution started) {
        execution = started;
        LogContext.execution(started.getId());
    }

    /** Returns the execution, even if its end could not be written; empty before it starts. */
    public final Optional<JobExecution> execution() {
        return Optional.ofNullable(execution);
    }

    /** Returns the id in {@code batch_job_execution}; 0 before the execution starts. */
    public final long jobExecutionId() {
        JobExecution started = execution;
        return started == null ? 0 : started.getId();
    }

    /**
     * Describes how to resume after a failure outside of the execution.
     *
     * @param ifNotStarted returned if no execution was started
     */
    public final String restartHint(String ifNotStarted) {
        return execution == null
                ? ifNotStarted
                : "execution %d was started; the next one resumes it".formatted(jobExecutionId());
    }

    /** Returns the time since the start, independent of the system clock. */
    public final Duration took() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }
}

package io.github.notearchive.batch;

import io.github.notearchive.batch.ShardRepository.Scan;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.listener.JobExecutionListener;

/**
 * State of one run of a job: its gate, its parameters, its start time and its execution. A job extends it by its
 * options and counts. Created for the run and passed to the constructors of the parts of its job. Thread-safe after
 * {@link JobRunner#prepare}.
 */
public abstract class JobRun {

    private static final String SINCE = "since";

    /** Parameters of the execution, complete after {@link JobRunner#prepare}. */
    final JobParametersBuilder parameters = new JobParametersBuilder();

    /** Whether the run resumes an unfinished instance. */
    private boolean isRestart;

    /** The scan that the run shares with other nodes; null if it shares none. */
    private @Nullable Scan scan;

    private final Gate gate;
    private final long startedAt = System.nanoTime();
    private volatile @Nullable JobExecution execution;

    protected JobRun(Gate gate) {
        this.gate = gate;
    }

    /** Adds a parameter that identifies a new instance; a restart repeats that of its instance. */
    protected final void addIdentity(String name, Object value) {
        parameters.addString(name, value.toString());
    }

    /**
     * Adds an option of the command as non-identifying parameter, so that {@code batch_job_execution_params} shows it
     * and a restart may use another one. A null value is ignored.
     */
    protected final void addOption(String name, @Nullable Object value) {
        if (value != null) {
            parameters.addString(name, value.toString(), false);
        }
    }

    /** Lets the run share a scan, whose start identifies the instance of the job. */
    public final void share(Scan shared) {
        scan = shared;
        addIdentity(SINCE, shared.since());
    }

    public final Scan scan() {
        return Objects.requireNonNull(scan);
    }

    /** Returns whether an unfinished instance is one of the work that this run resumes. */
    final boolean continues(JobParameters unfinished) {
        return scan == null || scan.since().toString().equals(unfinished.getString(SINCE));
    }

    /** Records whether the run resumes unfinished work: an instance of its node, or a scan of all nodes. */
    final void setRestart(boolean isRestarted) {
        isRestart = scan == null ? isRestarted : scan.isResumed();
    }

    public final JobParameters parameters() {
        return parameters.toJobParameters();
    }

    public final boolean isRestart() {
        return isRestart;
    }

    public final Gate gate() {
        return gate;
    }

    /** Returns the execution, even if its end could not be written; empty before it starts. */
    public final Optional<JobExecution> execution() {
        return Optional.ofNullable(execution);
    }

    /** Returns the id in {@code batch_job_execution}; 0 before the execution starts. */
    public final long jobExecutionId() {
        return execution().map(JobExecution::getId).orElse(0L);
    }

    /**
     * Describes how to resume after a failure outside of the execution.
     *
     * @param ifNotStarted returned if no execution was started
     */
    private String restartHint(String ifNotStarted) {
        return execution == null
                ? ifNotStarted
                : "execution %d was started; the next one resumes it".formatted(jobExecutionId());
    }

    /** Returns the end of the command, with the execution if it was started. */
    public final JobEnd end(StopReason stop) {
        return execution()
                .map(job -> new JobEnd(
                        stop.exitCode(), stop.reason(), job.getId(), job.getJobInstanceId(), isRestart, took()))
                .orElseGet(() -> JobEnd.notStarted(stop.exitCode(), stop.reason(), took()));
    }

    /**
     * Returns the end of the command without an execution, also of one whose end could not be written.
     *
     * @param ifNotStarted what was not done, if no execution was started
     */
    public final JobEnd notStarted(StopReason stop, String ifNotStarted) {
        return JobEnd.notStarted(stop.exitCode(), stop.reason() + "; " + restartHint(ifNotStarted), took());
    }

    /** Returns the time since the start, independent of the system clock. */
    public final Duration took() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    /** Records the execution, and names it in the log lines of this thread. */
    final void start(JobExecution started) {
        execution = started;
        LogContext.execution(started.getId());
    }

    /**
     * Returns the listener that every job needs: it records the execution, and sets the exit status that operators
     * read. That of a stopped job is the stop reason of the gate. If the status of a completed job cannot be computed,
     * the execution is FAILED with the exception: Spring Batch would log an exception of its listener and leave the job
     * COMPLETED.
     *
     * @param whenComplete returns exit code and reason of a completed job, from its remaining work or findings
     */
    public final JobExecutionListener listener(Function<JobExecution, StopReason> whenComplete) {
        return new JobExecutionListener() {
            @Override
            public void beforeJob(JobExecution job) {
                start(job);
            }

            @Override
            public void afterJob(JobExecution job) {
                if (job.getStatus() == BatchStatus.COMPLETED) {
                    try {
                        job.setExitStatus(whenComplete.apply(job).exitStatus());
                    } catch (RuntimeException e) {
                        job.setStatus(BatchStatus.FAILED);
                        job.addFailureException(e);
                    }
                }
                switch (job.getStatus()) {
                    case COMPLETED -> {}
                    case STOPPED -> gate.stopReason().ifPresent(stop -> job.setExitStatus(stop.exitStatus()));
                    // also UNKNOWN, of a step whose end could not be written
                    default -> job.setExitStatus(failure(job).exitStatus());
                }
            }
        };
    }

    /**
     * Returns exit code and reason of a failed execution. An earlier stop reason with another exit code, such as a
     * quota or a signal, is not the cause. The failure of a partition handler is used last.
     */
    final StopReason failure(JobExecution job) {
        Optional<StopReason> stop = gate.stopReason();
        List<StopReason> causes = job.getAllFailureExceptions().stream()
                .sorted(Comparator.comparing(JobExecutionException.class::isInstance))
                .map(StopReason::of)
                .toList();
        return Stream.of(ExitCode.USAGE, ExitCode.UPSTREAM_UNAVAILABLE, ExitCode.FAILED)
                .flatMap(code ->
                        Stream.concat(stop.stream(), causes.stream()).filter(reason -> reason.exitCode() == code))
                .findFirst()
                .orElseGet(() -> new StopReason(
                        ExitCode.FAILED, stop.map(StopReason::reason).orElse("see the log")));
    }
}

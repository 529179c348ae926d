package io.github.notearchive.batch;

import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.Night;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.stereotype.Component;

/** Starts jobs, as a restart of an unfinished instance or as a new instance, and classifies how they ended. */
@Component
public class JobStarter {

    private static final Logger log = LoggerFactory.getLogger(JobStarter.class);

    private final JobOperator operator;
    private final JobRepository repository;
    private final JobExecutionQueries executions;

    JobStarter(JobOperator operator, JobRepository repository, JobExecutionQueries executions) {
        this.operator = operator;
        this.repository = repository;
        this.executions = executions;
    }

    /** Parameters of a start, and whether it restarts an instance. */
    public record Launch(JobParameters parameters, boolean restart) {}

    /**
     * Returns the node's newest instance if it is not COMPLETED, of any night; otherwise a new instance of this night.
     *
     * @param more adds parameters of a new instance besides night, node and sequence
     */
    public Launch next(String job, String node, Night tonight, Consumer<JobParametersBuilder> more) {
        return unfinished(job, node)
                .map(before -> new Launch(before.getJobParameters(), true))
                .orElseGet(() -> new Launch(newInstance(job, node, tonight, more), false));
    }

    /**
     * Returns the newest execution of a job if it can be restarted; empty if there is none or it is COMPLETED.
     *
     * @param node node of the execution; null for any node
     */
    public Optional<JobExecution> unfinished(String job, @Nullable String node) {
        return executions
                .newest(job, node)
                .map(repository::getJobExecution)
                .filter(before -> before.getStatus() != BatchStatus.COMPLETED);
    }

    /**
     * Returns parameters with the next free sequence number. An instance without execution occupies its number as well:
     * Spring Batch writes the two in separate transactions, and a process may have died in between.
     */
    private JobParameters newInstance(String job, String node, Night tonight, Consumer<JobParametersBuilder> more) {
        long sequence = executions.instancesOf(job, tonight, node);
        JobParameters parameters;
        do {
            sequence++;
            JobParametersBuilder builder = new JobParametersBuilder()
                    .addLocalDate("night", tonight.date())
                    .addString("node", node)
                    .addLong("sequence", sequence);
            more.accept(builder);
            parameters = builder.toJobParameters();
        } while (repository.getJobInstance(job, parameters) != null);
        return parameters;
    }

    /** Starts a job and returns when it has ended. */
    public JobExecution start(Job job, Launch launch) {
        try {
            return operator.start(job, launch.parameters());
        } catch (JobExecutionException e) {
            throw new IllegalStateException("Job could not be started: " + e.getMessage(), e);
        } finally {
            LogContext.clear();
        }
    }

    /** Returns the exit code of an execution. Failures caused by an unavailable server are distinguished. */
    public static ExitCode exitCodeOf(JobExecution execution, Gate gate) {
        if (execution.getStatus() == BatchStatus.COMPLETED || execution.getStatus() == BatchStatus.STOPPED) {
            return ExitCode.named(execution.getExitStatus().getExitCode());
        }
        if (execution.getAllFailureExceptions().stream().anyMatch(DatabaseErrors::isRefused)) {
            return ExitCode.USAGE;
        }
        boolean unavailable = execution.getAllFailureExceptions().stream().anyMatch(DatabaseErrors::isOutOfReach)
                || gate.stopReason()
                        .filter(stop -> stop.exitCode() == ExitCode.UPSTREAM_UNAVAILABLE)
                        .isPresent();
        return unavailable ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED;
    }

    /**
     * Describes in one line why an execution failed. An earlier stop reason with another exit code, such as a quota or
     * a signal, is not the cause.
     */
    public static String whyFailed(JobExecution execution, Gate gate) {
        ExitCode end = exitCodeOf(execution, gate);
        return gate.stopReason()
                .filter(stop -> stop.exitCode() == end)
                .map(StopReason::reason)
                .or(() -> failure(execution, end))
                .or(() -> gate.stopReason().map(StopReason::reason))
                .orElse("see the log");
    }

    /** Describes the failure that determines the exit code; the failure of a partition handler is used last. */
    private static Optional<String> failure(JobExecution execution, ExitCode end) {
        return execution.getAllFailureExceptions().stream()
                .filter(failure -> end == ExitCode.FAILED || exitCodeOf(failure) == end)
                .min(Comparator.comparing(JobExecutionException.class::isInstance))
                .map(JobStarter::describe);
    }

    /** Returns the exit code for an exception. */
    public static ExitCode exitCodeOf(Throwable failure) {
        if (DatabaseErrors.isRefused(failure)) {
            return ExitCode.USAGE;
        }
        return DatabaseErrors.isOutOfReach(failure) ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED;
    }

    /** Describes an exception in one line. */
    public static String describe(Throwable failure) {
        return DatabaseErrors.isRefused(failure)
                ? "the database denies access: "
                        + DatabaseErrors.describe(failure)
                        + "; check the privileges of ARCHIVE_DATABASE_USER"
                : DatabaseErrors.describe(failure);
    }

    /** Returns the stop reason for an exception outside of an execution. Unexpected exceptions are logged. */
    public static StopReason stopReasonOf(Exception e) {
        if (DatabaseErrors.isRefused(e)) {
            return new StopReason(ExitCode.USAGE, describe(e));
        }
        if (DatabaseErrors.isOutOfReach(e)) {
            return new StopReason(
                    ExitCode.UPSTREAM_UNAVAILABLE, "the database is unavailable: " + DatabaseErrors.describe(e));
        }
        log.error("Failed outside of an execution", e);
        return new StopReason(ExitCode.FAILED, DatabaseErrors.describe(e));
    }
}

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

/** Launches jobs, each as the instance that was not finished or as a new one, and says how they ended. */
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

    /** What a job is launched with, and whether that continues an instance. */
    public record Launch(JobParameters parameters, boolean restart) {}

    /**
     * The node's newest instance if it is not COMPLETED, whichever night it began; else a new one of this night.
     *
     * @param more what a new instance has beside night, node and sequence
     */
    public Launch next(String job, String node, Night tonight, Consumer<JobParametersBuilder> more) {
        return unfinished(job, node)
                .map(before -> new Launch(before.getJobParameters(), true))
                .orElseGet(() -> new Launch(newInstance(job, node, tonight, more), false));
    }

    /**
     * The newest execution of a job when its instance is not COMPLETED; empty when there is nothing to go on with.
     *
     * @param node whose it is; null for any node's
     */
    public Optional<JobExecution> unfinished(String job, @Nullable String node) {
        return executions
                .newest(job, node)
                .map(repository::getJobExecution)
                .filter(before -> before.getStatus() != BatchStatus.COMPLETED);
    }

    /**
     * The next number that no instance has. One without any execution has its number as well: Spring Batch writes the
     * two one after the other, and a process may have died in between.
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

    /** Starts a job, and returns when it has ended. */
    public JobExecution start(Job job, Launch launch) {
        try {
            return operator.start(job, launch.parameters());
        } catch (JobExecutionException e) {
            throw new IllegalStateException("The job could not be started: " + e.getMessage(), e);
        } finally {
            LogContext.clear();
        }
    }

    /** How an execution ended. One that failed when a server was away is told apart. */
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

    /** Why an execution failed, in a line. What had ended it before, as a used-up quota or a signal, is not why. */
    public static String whyFailed(JobExecution execution, Gate gate) {
        ExitCode end = exitCodeOf(execution, gate);
        return gate.stopReason()
                .filter(stop -> stop.exitCode() == end)
                .map(StopReason::reason)
                .or(() -> failure(execution, end))
                .or(() -> gate.stopReason().map(StopReason::reason))
                .orElse("see the log");
    }

    /** One that makes it end so; that other steps have failed says the least. */
    private static Optional<String> failure(JobExecution execution, ExitCode end) {
        return execution.getAllFailureExceptions().stream()
                .filter(failure -> end == ExitCode.FAILED || exitCodeOf(failure) == end)
                .min(Comparator.comparing(JobExecutionException.class::isInstance))
                .map(JobStarter::describe);
    }

    /** How a job ends for an exception. */
    public static ExitCode exitCodeOf(Throwable failure) {
        if (DatabaseErrors.isRefused(failure)) {
            return ExitCode.USAGE;
        }
        return DatabaseErrors.isOutOfReach(failure) ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED;
    }

    /** An exception in a line. */
    public static String describe(Throwable failure) {
        return DatabaseErrors.isRefused(failure)
                ? "the database refuses us: "
                        + DatabaseErrors.describe(failure)
                        + "; check the privileges of ARCHIVE_DATABASE_USER"
                : DatabaseErrors.describe(failure);
    }

    /** What an exception outside of any execution comes to. Something unforeseen is logged. */
    public static StopReason stopReasonOf(Exception e) {
        if (DatabaseErrors.isRefused(e)) {
            return new StopReason(ExitCode.USAGE, describe(e));
        }
        if (DatabaseErrors.isOutOfReach(e)) {
            return new StopReason(
                    ExitCode.UPSTREAM_UNAVAILABLE, "the database is out of reach: " + DatabaseErrors.describe(e));
        }
        log.error("It broke before or after its execution", e);
        return new StopReason(ExitCode.FAILED, DatabaseErrors.describe(e));
    }
}

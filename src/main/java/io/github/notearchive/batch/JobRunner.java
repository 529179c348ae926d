package io.github.notearchive.batch;

import io.github.notearchive.note.Night;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.parameters.JobParameter;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Runs the jobs of this process under their locks: starts a new instance or restarts an unfinished one, and returns how
 * it ended.
 *
 * <p>Identifying parameters define the instance and are repeated by a restart. The options of a command are not
 * identifying: a restart uses those of the new command.
 */
@Component
public class JobRunner {

    private static final Logger log = LoggerFactory.getLogger(JobRunner.class);
    private static final ExitStatus CRASHED =
            new ExitStatus("CRASHED", "the process ended without recording its end; recovered by the next run");

    private final JobOperator operator;
    private final JobRepository repository;
    private final JobExecutionQueries executions;
    private final JdbcConnectionDetails database;

    JobRunner(
            JobOperator operator,
            JobRepository repository,
            JobExecutionQueries executions,
            JdbcConnectionDetails database) {
        this.operator = operator;
        this.repository = repository;
        this.executions = executions;
        this.database = database;
    }

    /** Acquires a lock; empty if another process has it. */
    @FunctionalInterface
    public interface LockSource {
        Optional<RunnerLock> acquire(JdbcConnectionDetails database) throws SQLException;
    }

    /** Work that requires a lock. */
    @FunctionalInterface
    public interface LockedWork<S> {
        S execute(RunnerLock lock) throws SQLException;
    }

    /** Acquires a lock; empty if another process has it. */
    public Optional<RunnerLock> lock(LockSource source) throws SQLException {
        return source.acquire(database);
    }

    /**
     * Executes work under a lock, and releases the lock. Does not throw for an unavailable database.
     *
     * @param ifLocked reason if another process has the lock
     * @param onFailure returns the result if the work was not executed, or the database failed during it
     */
    public <S> S underLock(
            LockSource source, StopReason ifLocked, LockedWork<S> work, Function<StopReason, S> onFailure) {
        try (RunnerLock lock = lock(source).orElse(null)) {
            return lock == null ? onFailure.apply(ifLocked) : work.execute(lock);
        } catch (SQLException | DataAccessException | TransactionException e) {
            return onFailure.apply(StopReason.ofOutside(e));
        }
    }

    /**
     * Returns a restart of the node's newest instance if it is not COMPLETED, of any night; otherwise a new instance of
     * this night.
     *
     * @param identity adds identifying parameters of a new instance besides night, node and sequence
     * @param options options of the command
     */
    public JobStart next(
            String job, String node, Night tonight, Consumer<JobParametersBuilder> identity, JobOptions options) {
        return unfinished(job, node)
                .map(before -> restart(before, options))
                .orElseGet(() -> create(job, node, tonight, identity, options));
    }

    /**
     * Returns the newest execution of a job if it can be restarted; empty if there is none or it is COMPLETED.
     *
     * @param node node of the execution; null for any node
     */
    public Optional<JobExecution> unfinished(String job, @Nullable String node) {
        return executions
                .newest(job, node)
                .map(newest -> repository.getJobExecution(newest.execution()))
                .filter(before -> before.getStatus() != BatchStatus.COMPLETED);
    }

    /** Returns a restart of an unfinished instance, with the options of the new command. */
    public JobStart restart(JobExecution before, JobOptions options) {
        return new JobStart(with(before.getJobParameters().getIdentifyingParameters(), options), true);
    }

    /**
     * Returns a new instance with the next free sequence number. An instance without execution occupies its number as
     * well: Spring Batch writes the two in separate transactions, and a process may have died in between.
     */
    public JobStart create(
            String job, String node, Night tonight, Consumer<JobParametersBuilder> identity, JobOptions options) {
        long sequence = executions.instancesOf(job, tonight, node);
        JobParameters parameters;
        do {
            sequence++;
            JobParametersBuilder builder = new JobParametersBuilder()
                    .addLocalDate("night", tonight.date())
                    .addString("node", node)
                    .addLong("sequence", sequence);
            identity.accept(builder);
            parameters = builder.toJobParameters();
        } while (repository.getJobInstance(job, parameters) != null);
        return new JobStart(with(parameters.parameters(), options), false);
    }

    private static JobParameters with(Set<JobParameter<?>> identity, JobOptions options) {
        Set<JobParameter<?>> all = new LinkedHashSet<>(identity);
        all.addAll(options.parameters());
        return new JobParameters(all);
    }

    /**
     * Marks unended executions of a job as CRASHED, so that they can be restarted: in a running state, or UNKNOWN,
     * which Spring Batch's own recovery refuses. Idempotent. Requires the lock of that job.
     *
     * @param node node of the executions; null for all nodes
     */
    public void recover(String job, @Nullable String node) {
        for (long id : executions.unended(job, node)) {
            JobExecution execution = repository.getJobExecution(id);
            if (execution != null) {
                markCrashed(execution);
                log.warn("Execution {} of {} was not ended by its process; marked CRASHED, will be restarted", id, job);
            }
        }
    }

    private void markCrashed(JobExecution execution) {
        LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault()); // as Spring Batch writes it
        for (StepExecution step : execution.getStepExecutions()) {
            if (isUnended(step.getStatus())) {
                step.setStatus(BatchStatus.FAILED);
                step.setExitStatus(CRASHED);
                step.setEndTime(now);
                repository.update(step);
            }
        }
        if (isUnended(execution.getStatus())) {
            execution.setStatus(BatchStatus.FAILED);
            execution.setExitStatus(CRASHED);
            execution.setEndTime(now);
            repository.update(execution);
        }
    }

    private static boolean isUnended(BatchStatus status) {
        return status.isRunning() || status == BatchStatus.UNKNOWN;
    }

    /**
     * Executes a job and returns when it has ended.
     *
     * @param job assembled for this run, with an {@link ExitStatusListener}
     */
    public JobResult run(Job job, JobStart start, JobRun run) {
        try {
            return JobResult.of(operator.start(job, start.parameters()), run.gate(), start.restart());
        } catch (JobExecutionException e) {
            throw new IllegalStateException("Job could not be started: " + e.getMessage(), e);
        } finally {
            LogContext.clear();
        }
    }
}

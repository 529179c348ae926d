package io.github.notearchive.batch;

import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.note.Night;
import io.micrometer.observation.ObservationRegistry;
import java.time.LocalDateTime;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.ChunkOrientedStepBuilder;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.core.step.builder.TaskletStepBuilder;
import org.springframework.batch.core.step.tasklet.Tasklet;
import org.springframework.batch.infrastructure.item.ItemReader;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;

/**
 * Runs the jobs of this process under their locks: starts a new instance or restarts an unfinished one.
 *
 * <p>A job is assembled for each run, from parts with the state of the run; so it is no bean, and the observations of
 * Spring Batch's metrics are set here.
 */
@Component
public final class JobRunner {

    private static final Logger log = LoggerFactory.getLogger(JobRunner.class);

    private static final ExitStatus CRASHED =
            new ExitStatus("CRASHED", "the process ended without recording its end; recovered by the next run");

    private final JobOperator operator;
    private final JobRepository repository;
    private final JobExecutionQueries executions;
    private final JdbcConnectionDetails database;
    private final PlatformTransactionManager transactions;
    private final ObservationRegistry observations;

    JobRunner(
            JobOperator operator,
            JobRepository repository,
            JobExecutionQueries executions,
            JdbcConnectionDetails database,
            PlatformTransactionManager transactions,
            ObservationRegistry observations) {
        this.operator = operator;
        this.repository = repository;
        this.executions = executions;
        this.database = database;
        this.transactions = transactions;
        this.observations = observations;
    }

    public JobBuilder job(String name, JobRun run, Function<JobExecution, StopReason> whenComplete) {
        return new JobBuilder(name, repository)
                .observationRegistry(observations)
                .listener(run.listener(whenComplete));
    }

    public <T> ChunkOrientedStepBuilder<T, T> chunks(
            String name, int size, ItemReader<? extends T> reader, ItemWriter<? super T> writer) {
        return step(name)
                .<T, T>chunk(size)
                .transactionManager(transactions)
                .reader(reader)
                .writer(writer)
                .observationRegistry(observations);
    }

    public TaskletStepBuilder tasklet(String name, Tasklet tasklet) {
        return step(name).tasklet(tasklet, transactions);
    }

    private StepBuilder step(String name) {
        return new StepBuilder(name, repository).observationRegistry(observations);
    }

    public Optional<RunnerLock> lock(Scope scope, String member) {
        return RunnerLock.acquire(database, scope, member);
    }

    /**
     * Executes work under a lock, and releases the lock. Does not throw for an unavailable database.
     *
     * @param ifLocked reason if another process has the lock
     * @param onFailure returns the result if the work was not executed, or the database failed during it
     */
    public <S> S underLock(
            Scope scope,
            String member,
            String ifLocked,
            Function<RunnerLock, S> work,
            Function<StopReason, S> onFailure) {
        try (RunnerLock lock = lock(scope, member).orElse(null)) {
            return lock == null
                    ? onFailure.apply(new StopReason(ExitCode.ALREADY_RUNNING, ifLocked))
                    : work.apply(lock);
        } catch (DataAccessException | TransactionException e) {
            return onFailure.apply(StopReason.ofOutside(e));
        }
    }

    /**
     * Recovers crashed executions, and sets the parameters of the next one: a restart of the node's newest instance if
     * it is not COMPLETED, of any night; otherwise a new instance of this night. Requires the lock of the job.
     */
    public void prepare(JobRun run, String job, String node, Night tonight) {
        recover(job, node);
        JobExecution before = executions
                .newest(job, node)
                .map(newest -> repository.getJobExecution(newest.execution()))
                .filter(newest ->
                        newest.getStatus() != BatchStatus.COMPLETED && run.continues(newest.getJobParameters()))
                .orElse(null);
        run.setRestart(before != null);
        JobParametersBuilder parameters = run.parameters;
        if (before != null) {
            before.getJobParameters().getIdentifyingParameters().forEach(parameters::addJobParameter);
            return;
        }
        parameters.addLocalDate("night", tonight.date()).addString("node", node);
        long sequence = 0;
        do {
            sequence++;
            parameters.addLong("sequence", sequence);
        } while (repository.getJobInstance(job, run.parameters()) != null);
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
        LocalDateTime now = JobExecutionQueries.now();
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

    /** Executes a job with its {@link JobRun#listener}, and returns how it ended, as the job repository records it. */
    public StopReason run(Job job, JobRun run) {
        try {
            ExitStatus end = operator.start(job, run.parameters()).getExitStatus();
            return new StopReason(ExitCode.named(end.getExitCode()), end.getExitDescription());
        } catch (JobExecutionException e) {
            throw new IllegalStateException("Job could not be started: " + e.getMessage(), e);
        } finally {
            LogContext.clear();
        }
    }
}

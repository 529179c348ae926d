package io.github.notearchive.nightly;

import static org.springframework.transaction.support.AbstractPlatformTransactionManager.SYNCHRONIZATION_NEVER;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.ClaimRepository.PendingWork;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.OpenCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.media.MediaProperties;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.listener.JobExecutionListener;
import org.springframework.batch.core.listener.StepExecutionListener;
import org.springframework.batch.core.partition.support.TaskExecutorPartitionHandler;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.support.transaction.ResourcelessTransactionManager;
import org.springframework.context.annotation.Bean;
import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The Spring Batch job {@value #NAME}: one step of {@code archive.workers} partitions on virtual threads. Each worker
 * reads, processes and writes one note at a time. The {@link RunStopper} holds the reason of an early stop, which
 * becomes the exit status of the job.
 */
public final class NightlyJob {

    /** The name of the job and of its step. */
    public static final String NAME = JobNames.NIGHTLY;

    private final NightlyJobRepository repository;
    private final RunState run;
    private final OutageRetry outages;

    NightlyJob(NightlyJobRepository repository, RunState run, OutageRetry outages) {
        this.repository = repository;
        this.run = run;
        this.outages = outages;
    }

    @Bean
    Step archiveNotesWorker(WorklistReader reader, NoteProcessor processor, DispositionWriter writer) {
        // no transaction for a chunk: OutageRetry repeats its parts, which commit separately, and NightlyJobRepository
        // writes its counts later
        ResourcelessTransactionManager none = new ResourcelessTransactionManager();
        // otherwise a statement outside of a transaction would keep its connection until the chunk ends
        none.setTransactionSynchronization(SYNCHRONIZATION_NEVER);
        return new StepBuilder(NAME, repository.repository())
                .<WorklistItem, Disposition>chunk(1)
                .transactionManager(none)
                .reader(reader)
                .processor(processor)
                .writer(writer)
                .listener(afterStep(this::endWorker))
                // a worker without notes may have notes again after a restart
                .allowStartIfComplete(true)
                .build();
    }

    @Bean
    Step archiveNotesStep(Step archiveNotesWorker, ClaimRepository claims) {
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("worker-");
        threads.setVirtualThreads(true);
        CompletePartitions partitions = new CompletePartitions();
        partitions.setStep(archiveNotesWorker);
        partitions.setTaskExecutor(threads);
        return new StepBuilder(NAME, repository.repository())
                .partitioner(NAME, _ -> partitions())
                .step(archiveNotesWorker)
                .partitionHandler(partitions)
                .listener(afterStep(step -> endStep(step, claims)))
                // notes may become due between the end of the step and a restart of the job
                .allowStartIfComplete(true)
                .build();
    }

    /**
     * Returns one platform thread per parallel download. Virtual threads would cost an additional switch for each wait,
     * and downloads do nothing but wait.
     */
    @Bean(destroyMethod = "shutdownNow")
    ExecutorService downloadThreads(MediaProperties settings) {
        return Executors.newFixedThreadPool(
                settings.downloadsInFlight(),
                Thread.ofPlatform().daemon().name("download-", 0).factory());
    }

    @Bean
    Job archiveNotes(
            Step archiveNotesStep, JobExecutionQueries executions, WorklistStats counts, CallRepository calls) {
        return new JobBuilder(NAME, repository.repository())
                .start(archiveNotesStep)
                .listener(run.listener(job -> whenComplete(job, executions, counts)))
                .listener(new JobExecutionListener() {
                    @Override
                    public void beforeJob(JobExecution job) {
                        calls.startExecution(job.getId(), () -> run.gate().isClosedFor(ExitCode.UPSTREAM_UNAVAILABLE));
                    }
                })
                .build();
    }

    /**
     * Executes partitions and returns when all of them have ended. If one cannot be started because the database is
     * unavailable, it is FAILED; the inherited handler would return immediately while others are working.
     */
    private static final class CompletePartitions extends TaskExecutorPartitionHandler {

        @Override
        protected FutureTask<StepExecution> createTask(Step step, StepExecution partition) {
            return new FutureTask<>(() -> {
                try {
                    step.execute(partition);
                } catch (Exception e) {
                    partition.setStatus(BatchStatus.FAILED);
                    partition.addFailureException(e);
                }
                return partition;
            });
        }
    }

    /** Returns a partition for each worker of this run; the size that Spring Batch keeps is that of an earlier one. */
    private Map<String, ExecutionContext> partitions() {
        return IntStream.range(0, run.settings.archive().workers())
                .boxed()
                .collect(Collectors.toMap(i -> "w" + i, _ -> new ExecutionContext()));
    }

    private static StepExecutionListener afterStep(Function<StepExecution, @Nullable ExitStatus> action) {
        return new StepExecutionListener() {
            @Override
            public @Nullable ExitStatus afterStep(StepExecution step) {
                return action.apply(step);
            }
        };
    }

    private @Nullable ExitStatus endWorker(StepExecution step) {
        if (step.getStatus() == BatchStatus.FAILED || step.getStatus() == BatchStatus.UNKNOWN) {
            StopReason cause = step.getFailureExceptions().isEmpty()
                    ? new StopReason(ExitCode.FAILED, "no exception recorded")
                    : StopReason.of(step.getFailureExceptions().getFirst());
            run.gate().close(cause.exitCode(), step.getStepName() + " failed: " + cause.reason());
        }
        return null;
    }

    /** Returns the stop reason of the step, and prevents its completion while notes are due. */
    private @Nullable ExitStatus endStep(StepExecution step, ClaimRepository claims) {
        if (step.getStatus() == BatchStatus.COMPLETED) {
            try {
                PendingWork outlook = outages.call(() -> claims.pendingWork(run.node(), Lanes.ALL));
                if (outlook.hasMore(run.settings.archive().retry().windowFrom(run.now()))) {
                    run.gate().close(ExitCode.INTERRUPTED, "notes became due while the run was ending");
                    step.setStatus(BatchStatus.STOPPED);
                }
            } catch (RuntimeException e) {
                // Spring Batch would log it and leave the step COMPLETED
                step.setStatus(BatchStatus.FAILED);
                step.addFailureException(e);
                return ExitStatus.FAILED.addExitDescription(DatabaseErrors.summary(e));
            }
        }
        return step.getStatus() == BatchStatus.STOPPED
                ? run.gate().stopReason().map(StopReason::exitStatus).orElse(null)
                : null;
    }

    /** Returns the result of a completed run: INCOMPLETE with postponed or failed notes. */
    private StopReason whenComplete(JobExecution job, JobExecutionQueries executions, WorklistStats counts) {
        OpenCount left = outages.call(() -> counts.countOpenOf(executions.siblingsOf(job.getId())));
        return left.isNone()
                ? new StopReason(ExitCode.COMPLETED, "")
                : new StopReason(ExitCode.INCOMPLETE, left.inWords());
    }
}

package io.github.notearchive.nightly;

import static org.springframework.transaction.support.AbstractPlatformTransactionManager.SYNCHRONIZATION_NEVER;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.PendingWork;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.CompletePartitions;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.provider.ResponseMemory;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.ExitStatus;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.listener.ItemProcessListener;
import org.springframework.batch.core.listener.ItemWriteListener;
import org.springframework.batch.core.listener.JobExecutionListener;
import org.springframework.batch.core.listener.StepExecutionListener;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.support.transaction.ResourcelessTransactionManager;
import org.springframework.context.annotation.Bean;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * The Spring Batch job {@value #NAME}: one step of {@value #PARTITIONS} workers on virtual threads. Each worker reads,
 * processes and writes one note at a time.
 *
 * <p>The number of workers is part of the instance and therefore fixed; {@code archive.workers} limits how many are
 * active. The others start when these end, and find no notes. So no more than that many use the connection pool, also
 * when all stop at once. The {@link RunStopper} holds the reason of an early stop, which becomes the exit status of the
 * job.
 */
public class NightlyJob {

    /** The name of the job and of its step. */
    public static final String NAME = JobNames.NIGHTLY;

    private static final int PARTITIONS = 64;

    private final JobRepository repository;
    private final RunStopper gate;
    private final RunState run;
    private final OutageRetry outages;

    NightlyJob(JobRepository repository, RunStopper gate, RunState run, OutageRetry outages) {
        this.repository = RepeatedUpdates.of(repository, outages);
        this.gate = gate;
        this.run = run;
        this.outages = outages;
    }

    @Bean
    Step archiveNotesWorker(
            WorklistReader reader, NoteProcessor processor, DispositionWriter writer, ResponseMemory memory) {
        AnswerMemoryListener memoryOfNote = new AnswerMemoryListener(memory);
        return new StepBuilder(NAME, repository)
                .<WorkItem, Disposition>chunk(1)
                .transactionManager(noTransaction())
                .reader(reader)
                .processor(processor)
                .writer(writer)
                .listener((ItemProcessListener<WorkItem, Disposition>) memoryOfNote)
                .listener((ItemWriteListener<Disposition>) memoryOfNote)
                .listener(new EndOfWorker())
                // a worker without notes may have notes again after a restart
                .allowStartIfComplete(true)
                .build();
    }

    /** A chunk has no transaction: {@link OutageRetry} repeats its parts, which commit separately. */
    private static PlatformTransactionManager noTransaction() {
        ResourcelessTransactionManager none = new ResourcelessTransactionManager();
        // otherwise a statement outside of a transaction would keep its connection until the chunk ends
        none.setTransactionSynchronization(SYNCHRONIZATION_NEVER);
        return none;
    }

    @Bean
    Step archiveNotesStep(Step archiveNotesWorker, ClaimRepository claims, ArchiveProperties settings, Clock clock) {
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("worker-");
        threads.setVirtualThreads(true);
        threads.setConcurrencyLimit(settings.workers());
        CompletePartitions partitions = new CompletePartitions();
        partitions.setStep(archiveNotesWorker);
        partitions.setGridSize(PARTITIONS);
        partitions.setTaskExecutor(threads);
        return new StepBuilder(NAME, repository)
                .partitioner(NAME, NightlyJob::partitions)
                .step(archiveNotesWorker)
                .partitionHandler(partitions)
                .listener(new EndOfStep(claims, settings, clock))
                // notes may become due between the end of the step and a restart of the job
                .allowStartIfComplete(true)
                .build();
    }

    @Bean
    Job archiveNotes(
            Step archiveNotesStep, JobExecutionQueries executions, WorklistStats counts, CallRepository calls) {
        return new JobBuilder(NAME, repository)
                .start(archiveNotesStep)
                .listener(run.listener(job -> whenComplete(job, executions, counts)))
                .listener(new JobExecutionListener() {
                    @Override
                    public void beforeJob(JobExecution job) {
                        gate.startExecution(job.getId());
                        calls.startExecution(job.getId(), () -> gate.isClosedFor(ExitCode.UPSTREAM_UNAVAILABLE));
                    }
                })
                .build();
    }

    private static Map<String, ExecutionContext> partitions(int size) {
        Map<String, ExecutionContext> partitions = HashMap.newHashMap(size);
        for (int i = 0; i < size; i++) {
            partitions.put("w" + i, new ExecutionContext());
        }
        return partitions;
    }

    /** Stops the run in order when a worker fails. */
    private final class EndOfWorker implements StepExecutionListener {

        @Override
        public @Nullable ExitStatus afterStep(StepExecution step) {
            if (step.getStatus() == BatchStatus.FAILED || step.getStatus() == BatchStatus.UNKNOWN) {
                StopReason cause = step.getFailureExceptions().isEmpty()
                        ? new StopReason(ExitCode.FAILED, "no exception recorded")
                        : StopReason.of(step.getFailureExceptions().getFirst());
                gate.close(cause.exitCode(), step.getStepName() + " failed: " + cause.reason());
            }
            return null;
        }
    }

    /** Sets the stop reason of the step, and prevents its completion while notes are due. */
    private final class EndOfStep implements StepExecutionListener {

        private final ClaimRepository claims;
        private final ArchiveProperties settings;
        private final Clock clock;

        EndOfStep(ClaimRepository claims, ArchiveProperties settings, Clock clock) {
            this.claims = claims;
            this.settings = settings;
            this.clock = clock;
        }

        @Override
        public @Nullable ExitStatus afterStep(StepExecution step) {
            if (step.getStatus() == BatchStatus.COMPLETED) {
                try {
                    stopIfNotesAreDue(step);
                } catch (RuntimeException e) {
                    // Spring Batch would log it and leave the step COMPLETED
                    closeUnchecked(e);
                    step.setStatus(BatchStatus.FAILED);
                    step.addFailureException(e);
                    return ExitStatus.FAILED.addExitDescription(DatabaseErrors.summary(e));
                }
            }
            return step.getStatus() == BatchStatus.STOPPED
                    ? gate.stopReason().map(StopReason::exitStatus).orElse(null)
                    : null;
        }

        private void stopIfNotesAreDue(StepExecution step) {
            Instant now = clock.instant();
            PendingWork outlook = outages.call(() -> claims.pendingWork(run.node()));
            if (outlook.hasMore(settings.retry().windowFrom(now))) {
                gate.close(ExitCode.INTERRUPTED, "notes became due while the run was ending");
                step.setStatus(BatchStatus.STOPPED);
            }
        }
    }

    /** Returns the result of a completed run: INCOMPLETE with postponed or failed notes. */
    private StopReason whenComplete(JobExecution job, JobExecutionQueries executions, WorklistStats counts) {
        try {
            long left = outages.call(() -> counts.countOpenOf(executions.siblingsOf(job.getId())));
            return left == 0
                    ? new StopReason(ExitCode.COMPLETED, "")
                    : new StopReason(
                            ExitCode.INCOMPLETE,
                            left + " notes were postponed to a later night or failed; status lists them");
        } catch (RuntimeException e) {
            closeUnchecked(e);
            throw e;
        }
    }

    private void closeUnchecked(RuntimeException e) {
        gate.close(StopReason.of(e).exitCode(), "remaining notes could not be counted: " + DatabaseErrors.summary(e));
    }
}

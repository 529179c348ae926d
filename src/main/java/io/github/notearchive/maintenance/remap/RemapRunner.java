package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.ExitStatusListener;
import io.github.notearchive.batch.JobBuilders;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobResult;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStart;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.batch.TimeBox;
import io.github.notearchive.io.Savepoint;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Applies the mapper to the stored responses, or resumes an unfinished remap. No call is sent.
 *
 * <p>A database has one remap at a time, of any node. Runs and audits may be active at the same time, a rebuild may
 * not. The job has one step, whose item is a page of responses, so that a transaction is limited by their length.
 */
@Component
public class RemapRunner {

    private static final Logger log = LoggerFactory.getLogger(RemapRunner.class);

    private final JobRunner jobs;
    private final JobBuilders builders;
    private final JobStopper gate;
    private final StoredResponses responses;
    private final SchemaDrift drift;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    RemapRunner(
            JobRunner jobs,
            JobBuilders builders,
            JobStopper gate,
            StoredResponses responses,
            SchemaDrift drift,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.jobs = jobs;
        this.builders = builders;
        this.gate = gate;
        this.responses = responses;
        this.drift = drift;
        this.clock = clock;
        this.transactions = transactions;
    }

    /**
     * Runs a remap and returns its summary. Does not throw for an unavailable database.
     *
     * @param dryRun whether only the changes are determined, without writing and without execution
     */
    public RemapSummary remap(RemapOptions options, boolean dryRun) {
        RemapRun run = new RemapRun(options, gate, responses);
        int fieldsBefore = drift.found().size();
        return jobs.underLock(
                RunnerLock::ofRemaps,
                new StopReason(
                        ExitCode.ALREADY_RUNNING, "another remap of this database, a rebuild or a forget is active"),
                lock -> {
                    drift.load();
                    gate.open();
                    try (RunWatchdog _ = new RunWatchdog(
                            run,
                            lock,
                            TimeBox.ofNullableOption(options.maxDuration()),
                            Duration.ZERO,
                            () -> log.info("Progress: answers={}", run.answers()))) {
                        return dryRun ? compare(run, fieldsBefore) : execute(run, fieldsBefore);
                    }
                },
                stop -> RemapSummary.notStarted(stop, run.took()));
    }

    private RemapSummary execute(RemapRun run, int fieldsBefore) {
        RemapOptions options = run.options();
        jobs.recover(JobNames.REMAP, options.node());
        JobStart start = jobs.next(JobNames.REMAP, options.node(), Night.current(clock), _ -> {}, options.parameters());
        log.info(
                "{}: version {} of the mapper is applied to {}",
                start.restart() ? "Resuming the unfinished remap" : "Starting a new remap",
                NoteMapper.VERSION,
                options.all() ? "all stored responses" : "responses mapped by an older version");
        JobResult result = jobs.run(job(run), start, run);
        return summary(run, result.end(), result.execution(), result.restart(), fieldsBefore);
    }

    private Job job(RemapRun run) {
        RemapWriter writer = new RemapWriter(run, responses, new Savepoint(transactions));
        return builders.job(
                        JobNames.REMAP,
                        new ExitStatusListener(
                                run, _ -> whenComplete(run, "every row matches this mapper and its stored response")))
                .start(builders.chunks(JobNames.REMAP, 1, run, writer).build())
                .build();
    }

    private RemapSummary compare(RemapRun run, int fieldsBefore) {
        TransactionTemplate readOnly = new TransactionTemplate(transactions);
        readOnly.setReadOnly(true);
        boolean hasMore = true;
        while (hasMore && !gate.isClosed()) {
            hasMore = readOnly.execute(_ -> compareNext(run));
        }
        StopReason end = gate.stopReason()
                .orElseGet(() -> whenComplete(run, "these changes would be made by a remap; nothing is written"));
        return summary(run, end, null, false, fieldsBefore);
    }

    private boolean compareNext(RemapRun run) {
        Page page = run.next();
        if (page == null) {
            return false;
        }
        run.done(page, responses.compare(page));
        return true;
    }

    private static StopReason whenComplete(RemapRun run, String reason) {
        return run.unreadable() == 0
                ? new StopReason(ExitCode.COMPLETED, reason)
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        run.unreadable() + " stored responses do not contain their note; their rows are unchanged");
    }

    private RemapSummary summary(
            RemapRun run, StopReason end, @Nullable JobExecution execution, boolean restart, int fieldsBefore) {
        List<SchemaDrift.Found> fields = drift.found();
        return new RemapSummary(
                end.exitCode(),
                end.reason(),
                execution == null ? null : execution.getId(),
                execution == null ? null : execution.getJobInstanceId(),
                restart,
                NoteMapper.VERSION,
                run.answers(),
                run.answersNow(),
                remaining(run, end.exitCode()),
                run.unreadable(),
                run.unreadableNotes(),
                run.changes(),
                fields.subList(fieldsBefore, fields.size()),
                run.took());
    }

    /** Counts the remaining responses, except after a failure, whose reason a second one must not hide. */
    private static @Nullable Long remaining(RemapRun run, ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED, INCOMPLETE -> 0L;
            case INTERRUPTED -> run.countRemaining();
            default -> null;
        };
    }
}

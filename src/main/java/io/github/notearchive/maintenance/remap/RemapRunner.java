package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
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
public record RemapRunner(
        JobRunner jobs,
        JobStopper gate,
        StoredResponses responses,
        SchemaDrift drift,
        ArchiveProperties settings,
        Clock clock,
        PlatformTransactionManager transactions) {

    private static final Logger log = LoggerFactory.getLogger(RemapRunner.class);

    /**
     * Runs a remap and returns its summary. Does not throw for an unavailable database.
     *
     * @param all whether responses are mapped again that this version of the mapper has mapped before
     * @param dryRun whether only the changes are determined, without writing and without execution
     * @param maxDuration time after which no further response is read; null for no limit
     */
    public RemapSummary remap(boolean all, boolean dryRun, @Nullable Duration maxDuration) {
        RemapRun run = new RemapRun(all, gate, responses, new Savepoint(transactions), maxDuration);
        int fieldsBefore = drift.found().size();
        return jobs.underLock(
                Scope.REMAP,
                "",
                "another remap of this database, a rebuild or a forget is active",
                lock -> {
                    drift.load();
                    gate.open();
                    try (RunWatchdog _ = new RunWatchdog(
                            run,
                            lock,
                            maxDuration,
                            Duration.ZERO,
                            () -> log.info(
                                    "Progress: answers={}", run.progress().answers()))) {
                        return summary(run, dryRun ? compare(run) : execute(run), fieldsBefore);
                    }
                },
                stop -> summary(run, stop, fieldsBefore));
    }

    private StopReason execute(RemapRun run) {
        jobs.prepare(run, JobNames.REMAP, settings.node(), Night.current(clock));
        log.info(
                "{}: version {} of the mapper is applied to {}",
                run.isRestart() ? "Resuming the unfinished remap" : "Starting a new remap",
                NoteMapper.VERSION,
                run.isOfAll() ? "all stored responses" : "responses mapped by an older version");
        Job job = jobs.job(
                        JobNames.REMAP,
                        run,
                        _ -> whenComplete(run, "every row matches this mapper and its stored response"))
                .start(jobs.chunks(JobNames.REMAP, 1, run, run).build())
                .build();
        return jobs.run(job, run);
    }

    private StopReason compare(RemapRun run) {
        TransactionTemplate readOnly = new TransactionTemplate(transactions);
        readOnly.setReadOnly(true);
        boolean hasMore = true;
        while (hasMore && !gate.isClosed()) {
            hasMore = readOnly.execute(_ -> run.compareNext());
        }
        return gate.stopReason()
                .orElseGet(() -> whenComplete(run, "these changes would be made by a remap; nothing is written"));
    }

    private static StopReason whenComplete(RemapRun run, String reason) {
        long unreadable = run.progress().unreadable();
        return unreadable == 0
                ? new StopReason(ExitCode.COMPLETED, reason)
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        unreadable + " stored responses do not contain their note; their rows are unchanged");
    }

    /** The remaining responses are not counted after a failure, whose reason a second one must not hide. */
    private RemapSummary summary(RemapRun run, StopReason end, int fieldsBefore) {
        List<SchemaDrift.Found> fields = drift.found();
        RemapRun.Progress progress = run.progress();
        return new RemapSummary(
                end.exitCode(),
                end.reason(),
                run.execution().map(JobExecution::getId).orElse(null),
                run.execution().map(JobExecution::getJobInstanceId).orElse(null),
                run.isRestart(),
                NoteMapper.VERSION,
                progress.answers(),
                run.answersNow(),
                switch (end.exitCode()) {
                    case COMPLETED, INCOMPLETE -> 0L;
                    case INTERRUPTED -> run.countRemaining();
                    default -> null;
                },
                progress.unreadable(),
                progress.unreadableNotes(),
                progress.changes(),
                fields.subList(fieldsBefore, fields.size()),
                run.took());
    }
}

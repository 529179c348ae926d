package io.github.notearchive.maintenance.remap;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.NoteMapper;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.archive.catalog.StoredResponses.RemapChange;
import io.github.notearchive.archive.catalog.StoredResponses.ResponsePosition;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.JobRun;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.RunWatchdog;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Savepoint;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Applies the mapper to the stored responses, or resumes an unfinished remap. No call is sent.
 *
 * <p>A database has one remap at a time, of any node. Runs and audits may be active at the same time, a rebuild may
 * not. The job has one step, whose item is a page of responses, so that a transaction is limited by their length.
 */
@Component
public final class RemapRunner {

    private static final Logger log = LoggerFactory.getLogger(RemapRunner.class);

    private final JobRunner jobs;
    private final JobStopper gate;
    private final StoredResponses responses;
    private final SchemaDrift drift;
    private final ArchiveProperties settings;
    private final Clock clock;
    private final PlatformTransactionManager transactions;

    RemapRunner(
            JobRunner jobs,
            JobStopper gate,
            StoredResponses responses,
            SchemaDrift drift,
            ArchiveProperties settings,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.jobs = jobs;
        this.gate = gate;
        this.responses = responses;
        this.drift = drift;
        this.settings = settings;
        this.clock = clock;
        this.transactions = transactions;
    }

    /**
     * Runs a remap and returns its summary. Does not throw for an unavailable database.
     *
     * @param all whether responses are mapped again that this version of the mapper has mapped before
     * @param dryRun whether only the changes are determined, without writing and without execution
     * @param maxDuration time after which no further response is read; null for no limit
     */
    public RemapSummary remap(boolean all, boolean dryRun, @Nullable Duration maxDuration) {
        RemapRun run = new RemapRun(all, maxDuration);
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
                            () -> log.info("Progress: answers={}", run.progress.answers()))) {
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
                run.all ? "all stored responses" : "responses mapped by an older version");
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
        long unreadable = run.progress.unreadable();
        return unreadable == 0
                ? new StopReason(ExitCode.COMPLETED, reason)
                : new StopReason(
                        ExitCode.INCOMPLETE,
                        DisplayFormat.plural(unreadable, "response")
                                + " lost or without the note; the rows are unchanged");
    }

    /** The remaining responses are not counted after a failure, whose reason a second one must not hide. */
    private RemapSummary summary(RemapRun run, StopReason end, int fieldsBefore) {
        List<SchemaDrift.FieldExample> fields = drift.found();
        RemapRun.RemapProgress progress = run.progress;
        return new RemapSummary(
                run.end(end),
                NoteMapper.VERSION,
                progress.answers(),
                progress.answers() - run.answersBefore,
                switch (end.exitCode()) {
                    case COMPLETED, INCOMPLETE -> 0L;
                    case INTERRUPTED -> responses.count(progress.last(), run.all);
                    default -> null;
                },
                progress.unreadable(),
                progress.unreadableNotes(),
                progress.changes(),
                fields.subList(fieldsBefore, fields.size()));
    }

    /**
     * State of one remap, and reader and writer of its step: reads the stored responses page by page, in the order of
     * note and time. A closed gate ends the reading and marks the step to terminate.
     */
    private final class RemapRun extends JobRun implements ItemStreamReader<Page>, ItemWriter<Page> {

        private static final String PROGRESS = "progress";
        private static final int EXAMPLES = 5;

        /** Repeats a page for half a minute of pauses. */
        private final RetryTemplate retries = new RetryTemplate(RetryPolicy.builder()
                .predicate(e -> isLocked(e) && !gate.isClosed())
                .maxRetries(60)
                .delay(Duration.ofMillis(500))
                .build());

        private final boolean all;

        /** Responses read by previous executions of the instance. */
        private long answersBefore;

        private volatile RemapProgress progress;

        RemapRun(boolean all, @Nullable Duration maxDuration) {
            super(gate);
            this.all = all;
            // a position of other responses is not used
            String scope = "mapper " + NoteMapper.VERSION + (all ? ", all answers" : "");
            this.progress = new RemapProgress(scope, ResponsePosition.FIRST, 0, 0, List.of(), Map.of());
            addOption("all", all);
            addOption("maxDuration", maxDuration);
        }

        /**
         * Position and results of all executions of the instance. Stored in the step's context, which is committed with
         * the rows of a page.
         *
         * @param scope what determines which responses are read
         */
        record RemapProgress(
                String scope,
                ResponsePosition last,
                long answers,
                long unreadable,
                List<String> unreadableNotes,
                Map<String, RemapChange> changes) {

            RemapProgress after(Page page) {
                SortedMap<String, RemapChange> sum = new TreeMap<>(changes);
                page.changes().forEach((column, change) -> sum.merge(column, change, RemapChange::and));
                return new RemapProgress(
                        scope,
                        page.last(),
                        answers + page.responses(),
                        unreadable + page.unreadable().size(),
                        Stream.concat(
                                        unreadableNotes.stream(),
                                        page.unreadable().stream().map(NoteId::value))
                                .distinct()
                                .limit(EXAMPLES)
                                .toList(),
                        sum);
            }
        }

        /** Continues at the position of the previous execution, unless that one read other responses. */
        @Override
        public void open(ExecutionContext context) {
            if (context.containsKey(PROGRESS)) {
                RemapProgress before = JsonMapper.shared().readValue(context.getString(PROGRESS), RemapProgress.class);
                if (before.scope.equals(progress.scope)) {
                    progress = before;
                    answersBefore = before.answers;
                }
            }
        }

        @Override
        public void update(ExecutionContext context) {
            context.putString(PROGRESS, JsonMapper.shared().writeValueAsString(progress));
        }

        @Override
        public @Nullable Page read() {
            Page page = gate.isClosed() ? null : next();
            if (page == null && gate.isClosed()) {
                Gate.endStep();
            }
            return page;
        }

        private @Nullable Page next() {
            try {
                Page page = responses.next(progress.last, all);
                return page.responses() == 0 ? null : page;
            } catch (StoreException e) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
                return null;
            }
        }

        /** Compares the next page with the rows, without writing; returns false when all responses are read. */
        boolean compareNext() {
            Page page = next();
            if (page != null) {
                progress = progress.after(page);
            }
            return page != null;
        }

        /**
         * Writes pages. A page that waits too long for rows locked by a run is rolled back and repeated, so that the
         * run is never part of a deadlock. Writes nothing if the remap is stopped meanwhile: the next execution reads
         * the page again.
         */
        @Override
        public void write(Chunk<? extends Page> pages) {
            for (Page page : pages) {
                try {
                    progress = retries.invoke(() -> written(page));
                } catch (DataAccessException e) {
                    if (!isLocked(e) || !gate.isClosed()) {
                        throw e;
                    }
                }
            }
        }

        private RemapProgress written(Page page) {
            new Savepoint(transactions).executeWithoutResult(_ -> responses.write(page));
            return progress.after(page);
        }

        private static boolean isLocked(Throwable failure) {
            return DatabaseErrors.isLocked(failure) || DatabaseErrors.isUndone(failure);
        }
    }

    /**
     * Summary of a remap.
     *
     * @param answers stored responses that were read, in all executions of the instance
     * @param left stored responses that remain to be read; null if unknown
     * @param unreadable stored responses that do not contain their note
     * @param changes changes by column, made or predicted, in all executions of the instance
     */
    public record RemapSummary(
            @JsonUnwrapped JobEnd end,
            int mapper,
            long answers,
            long answersNow,
            @Nullable Long left,
            long unreadable,
            List<String> unreadableNotes,
            Map<String, RemapChange> changes,
            List<SchemaDrift.FieldExample> newFields)
            implements JobEnd.Summary {}
}

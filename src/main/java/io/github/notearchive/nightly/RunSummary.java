package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a run: counts and result.
 *
 * @param exitCode result of the run
 * @param reason text for the operator
 * @param took time from start to end
 * @param execution execution of the job; null if none was started
 * @param notes dispositions of notes that were not archived before
 * @param files counts of files
 * @param bill requests to the provider
 * @param boughtAgain billed requests for notes whose earlier response had only expired URLs for a file
 * @param videos requests for videos
 * @param refreshes refreshes of archived notes, not part of the counts above except files and requests
 * @param newFields response fields that were new
 */
public record RunSummary(
        ExitCode exitCode,
        String reason,
        Duration took,
        @Nullable Execution execution,
        RunCounts.Notes notes,
        RunCounts.Files files,
        CallTotals.Bill bill,
        long boughtAgain,
        Videos videos,
        Refreshes refreshes,
        List<SchemaDrift.Found> newFields) {

    /**
     * An execution of the job.
     *
     * @param id id in {@code batch_job_execution}
     * @param instance id of its job instance
     * @param restart whether it restarted an unfinished instance
     */
    public record Execution(long id, long instance, boolean restart) {}

    /**
     * Calls of one kind in a night.
     *
     * @param made by all runs and nodes
     * @param allowed configured limit; 0 for none
     */
    public record Tonight(long made, long allowed) {

        static final Tonight NONE = new Tonight(0, 0);
    }

    /**
     * Calls for videos.
     *
     * @param enabled whether videos are bought
     * @param bill requests to the provider
     * @param tonight calls of the whole night
     */
    public record Videos(boolean enabled, CallTotals.Bill bill, Tonight tonight) {

        static final Videos NONE = new Videos(false, CallTotals.Bill.NONE, Tonight.NONE);
    }

    /**
     * Refreshes of archived notes.
     *
     * @param answered notes with a new response
     * @param gone notes no longer available, whose archived content is kept
     * @param postponed notes postponed to a later night
     * @param due notes still due
     * @param bill requests to the provider
     * @param tonight calls of the whole night
     */
    public record Refreshes(
            Answered answered, long gone, long postponed, long due, CallTotals.Bill bill, Tonight tonight) {

        static final Refreshes NONE = new Refreshes(Answered.NONE, 0, 0, 0, CallTotals.Bill.NONE, Tonight.NONE);

        /** Returns whether a count is not zero. */
        public boolean any() {
            return answered.notes() + gone + postponed + due + bill.calls() > 0;
        }
    }

    /**
     * Archived notes with a new response.
     *
     * @param notes all of them
     * @param counts those with other counts than before
     * @param words those with another title or text
     * @param files those with a new file
     * @param back those that were UNAVAILABLE before
     */
    public record Answered(long notes, long counts, long words, long files, long back) {

        static final Answered NONE = new Answered(0, 0, 0, 0, 0);
    }

    /** Returns the id in {@code batch_job_execution}; null if no execution was started. */
    public @Nullable Long executionId() {
        return execution == null ? null : Long.valueOf(execution.id());
    }

    /** Describes the next action of the operator. */
    public String next() {
        return execution == null ? exitCode.nextIfNotStarted() : exitCode.next();
    }

    /** Returns the part of the summary that telemetry reports. */
    public CommandResult result() {
        if (execution == null) {
            return CommandResult.notStarted(exitCode, reason, next());
        }
        return new CommandResult(
                exitCode,
                reason,
                next(),
                true,
                execution.id(),
                execution.restart(),
                new CommandResult.NoteCounts(
                        notes.archived(),
                        notes.unavailable(),
                        notes.postponed(),
                        notes.failed(),
                        notes.released(),
                        refreshes.answered().notes()),
                new CommandResult.FileCounts(files.stored(), files.bytes(), files.deduplicated(), files.reused()),
                new CommandResult.CallCounts(bill.calls(), bill.billed(), bill.maybeBilled()),
                null);
    }

    /** Returns the summary of a run without execution: nothing was fetched, nothing changed. */
    public static RunSummary notStarted(ExitCode exitCode, String reason, Duration took) {
        return new RunSummary(
                exitCode,
                reason,
                took,
                null,
                RunCounts.Notes.NONE,
                RunCounts.Files.NONE,
                CallTotals.Bill.NONE,
                0,
                Videos.NONE,
                Refreshes.NONE,
                List.of());
    }
}

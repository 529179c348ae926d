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
 * What a run did, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param took from the start to the end
 * @param execution which one it was; null when none was started
 * @param notes what became of the notes that were not archived before
 * @param files what became of the notes' files
 * @param bill the requests to the provider
 * @param boughtAgain of the billed ones, those for notes whose files were dead at the addresses of an earlier answer
 * @param videos of the requests, those for videos
 * @param refreshes what became of archived notes that were asked about anew, which none of the counts above has, but
 *     for those of files and requests
 * @param newFields fields of answers that were never seen before
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
     * @param id its row in {@code batch_job_execution}
     * @param instance the job instance that it belongs to
     * @param restart whether it continued an unfinished instance
     */
    public record Execution(long id, long instance, boolean restart) {}

    /**
     * How many calls of a kind were made in a night.
     *
     * @param made by whatever run and node
     * @param allowed our own limit of them; 0 is none
     */
    public record Tonight(long made, long allowed) {

        static final Tonight NONE = new Tonight(0, 0);
    }

    /**
     * The calls for videos.
     *
     * @param enabled whether any are made
     * @param bill the requests to the provider
     * @param tonight those of the whole night
     */
    public record Videos(boolean enabled, CallTotals.Bill bill, Tonight tonight) {

        static final Videos NONE = new Videos(false, CallTotals.Bill.NONE, Tonight.NONE);
    }

    /**
     * What became of archived notes that were asked about anew.
     *
     * @param answered those with a new answer
     * @param gone notes that are no longer there, and keep what was archived
     * @param postponed notes left to a later night
     * @param due notes that are due still
     * @param bill the requests to the provider
     * @param tonight those of the whole night
     */
    public record Refreshes(
            Answered answered, long gone, long postponed, long due, CallTotals.Bill bill, Tonight tonight) {

        static final Refreshes NONE = new Refreshes(Answered.NONE, 0, 0, 0, CallTotals.Bill.NONE, Tonight.NONE);

        /** Whether there is anything to tell. */
        public boolean any() {
            return answered.notes() + gone + postponed + due + bill.calls() > 0;
        }
    }

    /**
     * Archived notes with a new answer.
     *
     * @param notes all of them; the next three count those of them that
     * @param counts have other counts than before,
     * @param words another title or text,
     * @param files or a file that they did not have
     * @param back those that were UNAVAILABLE meanwhile
     */
    public record Answered(long notes, long counts, long words, long files, long back) {

        static final Answered NONE = new Answered(0, 0, 0, 0, 0);
    }

    /** Its row in {@code batch_job_execution}; null when no execution was started. */
    public @Nullable Long executionId() {
        return execution == null ? null : Long.valueOf(execution.id());
    }

    /** What to do now, for the person in charge. */
    public String next() {
        return execution == null ? exitCode.nextUnbegun() : exitCode.next();
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

    /** A run that ended before an execution began: nothing was asked, nothing changed. */
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

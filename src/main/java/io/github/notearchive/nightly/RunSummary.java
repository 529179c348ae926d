package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobEnd;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.prove.CaptureLog.LogState;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a run: counts and result.
 *
 * @param boughtAgain billed requests for notes whose earlier response had only expired URLs for a file
 * @param log transparency log after the run; null if it was not to be appended
 */
public record RunSummary(
        JobEnd end,
        RunCounts counts,
        CallTotals.Bill bill,
        long boughtAgain,
        Videos videos,
        Refreshes refreshes,
        List<SchemaDrift.Found> newFields,
        CallTotals.@Nullable Cost cost,
        @Nullable LogState log)
        implements JobEnd.Summary {

    /**
     * Calls for videos, by this run and in the whole night.
     *
     * @param made calls of the night by all runs and nodes
     * @param allowed configured limit of a night; 0 for none
     */
    public record Videos(boolean enabled, CallTotals.Bill bill, long made, long allowed) {

        static final Videos NONE = new Videos(false, CallTotals.Bill.NONE, 0, 0);
    }

    /** Archived notes still due for a refresh, and calls for them, as in {@link Videos}. */
    public record Refreshes(long due, CallTotals.Bill bill, long made, long allowed) {

        static final Refreshes NONE = new Refreshes(0, CallTotals.Bill.NONE, 0, 0);
    }

    public RunCounts.Notes notes() {
        return counts.notes();
    }

    public RunCounts.Files files() {
        return counts.files();
    }

    public CommandResult result() {
        return execution() == null
                ? CommandResult.summarized(end, end.next())
                : new CommandResult(
                        end,
                        end.next(),
                        true,
                        counts,
                        new CommandResult.CallCounts(bill.calls(), bill.billed(), bill.billingUnknown()),
                        null,
                        log == null ? null : log.root());
    }

    public static RunSummary notStarted(ExitCode exit, String reason, Duration took) {
        CallTotals.Bill bill = CallTotals.Bill.NONE;
        return new RunSummary(
                JobEnd.notStarted(exit, reason, took),
                RunCounts.NONE,
                bill,
                0,
                Videos.NONE,
                Refreshes.NONE,
                List.of(),
                null,
                null);
    }
}

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
        VideoSummary videos,
        RefreshSummary refreshes,
        List<SchemaDrift.FieldExample> newFields,
        CallTotals.@Nullable Cost cost,
        @Nullable LogState log)
        implements JobEnd.Summary {

    /**
     * Calls for videos, by this run and in the whole night.
     *
     * @param made calls of the night by all runs and nodes
     * @param allowed configured limit of a night; 0 for none
     */
    public record VideoSummary(boolean enabled, CallTotals.Bill bill, long made, long allowed) {

        static final VideoSummary NONE = new VideoSummary(false, CallTotals.Bill.NONE, 0, 0);
    }

    /** Archived notes still due for a refresh, and calls for them, as in {@link VideoSummary}. */
    public record RefreshSummary(long due, CallTotals.Bill bill, long made, long allowed) {

        static final RefreshSummary NONE = new RefreshSummary(0, CallTotals.Bill.NONE, 0, 0);
    }

    public RunCounts.Notes notes() {
        return counts.notes();
    }

    public RunCounts.FileCounts files() {
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
                VideoSummary.NONE,
                RefreshSummary.NONE,
                List.of(),
                null,
                null);
    }
}

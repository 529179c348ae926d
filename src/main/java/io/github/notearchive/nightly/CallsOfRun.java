package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Reads the calls of a run from the ledger, for its summary. */
@Component
class CallsOfRun {

    private static final Logger log = LoggerFactory.getLogger(CallsOfRun.class);

    private final CallRepository calls;
    private final CallTotals totals;
    private final WorklistStats worklist;
    private final VideoProperties videoSettings;
    private final Clock clock;

    CallsOfRun(
            CallRepository calls,
            CallTotals totals,
            WorklistStats worklist,
            VideoProperties videoSettings,
            Clock clock) {
        this.calls = calls;
        this.totals = totals;
        this.worklist = worklist;
        this.videoSettings = videoSettings;
        this.clock = clock;
    }

    /**
     * Returns the counts of an execution; estimates if the database is unavailable, so that the result of the run is
     * reported.
     */
    Bills of(long jobExecutionId) {
        try {
            return new Bills(
                    totals.billOf(jobExecutionId),
                    totals.countReplacements(jobExecutionId),
                    new RunSummary.Videos(
                            videoSettings.enabled(),
                            totals.billOf(jobExecutionId, Endpoint.VIDEO),
                            new RunSummary.Tonight(
                                    totals.billIn(Night.current(clock), Endpoint.VIDEO)
                                            .calls(),
                                    videoSettings.callsPerNight())),
                    totals.billOfRefreshes(jobExecutionId),
                    totals.billOfRefreshesIn(Night.current(clock)).calls(),
                    worklist.refreshes().due());
        } catch (DataAccessException | TransactionException e) {
            log.warn("Calls of this run could not be counted: {}", DatabaseErrors.summary(e));
            return Bills.notCounted(calls.sentByThisExecution());
        }
    }

    /** Calls of a run: all, those for videos, and those for refreshes. */
    record Bills(
            CallTotals.Bill bill,
            long boughtAgain,
            RunSummary.Videos videos,
            CallTotals.Bill refreshes,
            long refreshesTonight,
            long refreshesDue) {

        /** Returns the counts known to the process; each call may have been billed. */
        static Bills notCounted(long sent) {
            return new Bills(new CallTotals.Bill(sent, 0, sent), 0, RunSummary.Videos.NONE, CallTotals.Bill.NONE, 0, 0);
        }
    }
}

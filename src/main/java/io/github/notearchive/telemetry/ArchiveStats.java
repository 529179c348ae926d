package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.CallTotals.CallCount;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.StateCount;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * Metrics from the tables, of all runs and nodes. Some queries read whole tables, so the caller limits their frequency.
 */
@Component
final class ArchiveStats {

    private final WorklistStats worklist;
    private final CallTotals calls;
    private final QuotaHolds holds;
    private final JobExecutionQueries executions;
    private final SchemaDrift drift;
    private final ErasureList erasures;
    private final LogRepository log;
    private final FileStats files;

    ArchiveStats(
            WorklistStats worklist,
            CallTotals calls,
            QuotaHolds holds,
            JobExecutionQueries executions,
            SchemaDrift drift,
            ErasureList erasures,
            LogRepository log,
            FileStats files) {
        this.worklist = worklist;
        this.calls = calls;
        this.holds = holds;
        this.executions = executions;
        this.drift = drift;
        this.erasures = erasures;
        this.log = log;
        this.files = files;
    }

    void update(Meters meters, NodeGauges node, Instant now) {
        updateNotes(meters);
        updateCalls(meters, Night.of(now));
        meters.set("calls.allowed", node.callsPerNight().getAsLong());
        files.update(meters, now);
        meters.set("unfinished", executions.isRebuildUnfinished() ? 1 : 0, "command", "rebuild");
        meters.set("unfinished", executions.isRemapUnfinished() ? 1 : 0, "command", "remap");
        meters.set("unfinished", erasures.count().unfinished(), "command", "forget");
        meters.set("unfinished", log.isBehind(now, Duration.ZERO) ? 1 : 0, "command", "log");
        Instant lastSuccess = executions.lastOrderlyEnd(node.node()).orElse(null);
        meters.set("last.success.timestamp", Meters.seconds(lastSuccess));
    }

    private void updateNotes(Meters meters) {
        List<StateCount> counts = worklist.countByState();
        for (NoteState state : NoteState.values()) {
            List<StateCount> same =
                    counts.stream().filter(count -> count.state() == state).toList();
            long notes = same.stream().mapToLong(StateCount::notes).sum();
            meters.set("notes", notes, "state", state.name());
            long due = same.stream().mapToLong(StateCount::due).sum();
            meters.set("notes.due", due, "state", state.name());
        }
        meters.set("refreshes.due", worklist.refreshes().due());
        meters.set("new.fields", drift.unreviewed(0).fields());
    }

    private void updateCalls(Meters meters, Night tonight) {
        List<CallCount> counts = calls.countsIn(tonight);
        for (Billed billed : Billed.values()) {
            long sum = counts.stream()
                    .filter(count -> count.billed() == billed)
                    .mapToLong(CallCount::calls)
                    .sum();
            meters.set("calls.tonight", sum, "billed", Meters.label(billed));
        }
        CallTotals.Cost cost = calls.costIn(tonight);
        if (cost != null) {
            String currency = cost.currency().getCurrencyCode();
            meters.set("cost.tonight", cost.billed(), "billed", Meters.label(Billed.YES), "currency", currency);
            meters.set(
                    "cost.tonight",
                    cost.billingUnknown(),
                    "billed",
                    Meters.label(Billed.UNKNOWN),
                    "currency",
                    currency);
        }
        Instant until = holds.current().map(QuotaHolds.Closed::until).orElse(null);
        meters.set("gate.closed.until.timestamp", Meters.seconds(until));
    }
}

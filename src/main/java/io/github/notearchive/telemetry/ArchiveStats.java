package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.CallTotals.CallCount;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.RunTelemetry.NodeGauges;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/**
 * Metrics from the tables, of all runs and nodes. Some queries read whole tables, so the caller limits their frequency.
 */
@Component
record ArchiveStats(
        WorklistStats worklist,
        CallTotals calls,
        QuotaHolds holds,
        MediaTotals media,
        AuditRepository audits,
        JobExecutionQueries executions,
        SchemaDrift drift,
        ErasureList erasures) {

    void update(Meters meters, NodeGauges node, Instant now) {
        updateNotes(meters);
        updateCalls(meters, Night.of(now));
        meters.set("calls.allowed", node.callsPerNight().getAsLong());
        updateFiles(meters, now);
        meters.set("unfinished", executions.isRebuildUnfinished() ? 1 : 0, "command", "rebuild");
        meters.set("unfinished", executions.isRemapUnfinished() ? 1 : 0, "command", "remap");
        meters.set("unfinished", erasures.count().unfinished(), "command", "forget");
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
        meters.set("notes.degraded", media.degradedNotes());
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
        Instant until = holds.current().map(QuotaHolds.Closed::until).orElse(null);
        meters.set("gate.closed.until.timestamp", Meters.seconds(until));
    }

    private void updateFiles(Meters meters, Instant now) {
        MediaTotals.Volume stored = media.now();
        meters.set("media.objects", stored.files());
        meters.set("media.size", stored.bytes());
        AuditRepository.Verified verified = audits.verified(now);
        meters.set("fixity.oldest.verified.timestamp", Meters.seconds(verified.oldest()));
        meters.set("fixity.never.verified", verified.never());
        Map<Damage.Kind, Long> findings = audits.countOpen();
        for (Damage.Kind kind : Damage.Kind.values()) {
            meters.set("fixity.findings", findings.getOrDefault(kind, 0L), "kind", kind.name());
        }
    }
}

package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
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
        String allowed = "Configured limit of calls a day; 0: no limit";
        meters.set("calls.allowed", allowed, node.callsPerNight().getAsLong());
        updateFiles(meters, now);
        unfinished(meters, "rebuild", executions.isRebuildUnfinished() ? 1 : 0);
        unfinished(meters, "remap", executions.isRemapUnfinished() ? 1 : 0);
        unfinished(meters, "forget", erasures.count().unfinished());
        String success = "End of the newest run with exit code 0, 3, 6 or 7; 0: none";
        Instant lastSuccess = executions.lastOrderlyEnd(node.node()).orElse(null);
        meters.set("last.success.timestamp", success, Meters.seconds(lastSuccess));
    }

    private void updateNotes(Meters meters) {
        List<StateCount> counts = worklist.countByState();
        for (NoteState state : NoteState.values()) {
            String due = "Of these, notes that are due now";
            meters.set("notes", "Notes on the worklist", sum(counts, state, StateCount::notes), "state", state.name());
            meters.set("notes.due", due, sum(counts, state, StateCount::due), "state", state.name());
        }
        String refreshes = "Archived notes whose refresh is due";
        meters.set("refreshes.due", refreshes, worklist.refreshes().due());
        String degraded = "Archived notes that have a file in a lesser rendition than the best one offered";
        meters.set("notes.degraded", degraded, media.degradedNotes());
        String newFields = "Fields of responses that are new and not reviewed";
        meters.set("new.fields", newFields, drift.unreviewed(0).fields());
    }

    private static long sum(List<StateCount> counts, NoteState state, ToLongFunction<StateCount> value) {
        return counts.stream()
                .filter(count -> count.state() == state)
                .mapToLong(value)
                .sum();
    }

    private void updateCalls(Meters meters, Night tonight) {
        List<CallTotals.CallCount> counts = calls.countsIn(tonight);
        for (Billed billed : Billed.values()) {
            long sum = counts.stream()
                    .filter(count -> count.billed() == billed)
                    .mapToLong(CallTotals.CallCount::calls)
                    .sum();
            String description = "Calls of this day in Shanghai, of all runs and nodes";
            meters.set("calls.tonight", description, sum, "billed", Meters.label(billed));
        }
        String closed = "Time at which the gate reopens; 0: the gate is open";
        Instant until = holds.current().map(QuotaHolds.Closed::until).orElse(null);
        meters.set("gate.closed.until.timestamp", closed, Meters.seconds(until));
    }

    private void updateFiles(Meters meters, Instant now) {
        MediaTotals.Volume stored = media.now();
        meters.set("media.objects", "Files in the store", stored.files());
        meters.set("media.size", "Bytes of files in the store", stored.bytes());
        AuditRepository.Verified verified = audits.verified(now);
        String oldest = "Oldest time of verification of a file; 0: a file was never verified, or there is none";
        meters.set("fixity.oldest.verified.timestamp", oldest, Meters.seconds(verified.oldest()));
        String never = "Files not verified since the tables were rebuilt, counted up to 100000";
        meters.set("fixity.never.verified", never, verified.never());
        Map<Damage.Kind, Long> findings = audits.countOpen();
        for (Damage.Kind kind : Damage.Kind.values()) {
            long open = findings.getOrDefault(kind, 0L);
            meters.set("fixity.findings", "Open findings of audits", open, "kind", kind.name());
        }
    }

    private static void unfinished(Meters meters, String command, long value) {
        String description =
                "Not 0 while a started command is not completed; for forget the number of notes and authors";
        meters.set("unfinished", description, value, "command", command);
    }
}

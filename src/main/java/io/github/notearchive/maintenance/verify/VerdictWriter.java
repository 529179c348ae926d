package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.catalog.Verdict.Intact;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.stereotype.Component;

/**
 * Writes verdicts down: what is good is marked, what is not becomes a finding, and is repaired if that was asked for.
 * Part of the step's transaction.
 */
@Component
class VerdictWriter implements ItemWriter<Verdict> {

    private static final Logger log = LoggerFactory.getLogger(VerdictWriter.class);

    private final AuditRepository catalog;
    private final Repairs repairs;
    private final ActiveAudits audits;
    private final Clock clock;

    VerdictWriter(AuditRepository catalog, Repairs repairs, ActiveAudits audits, Clock clock) {
        this.catalog = catalog;
        this.repairs = repairs;
        this.audits = audits;
        this.clock = clock;
    }

    @Override
    public void write(Chunk<? extends Verdict> verdicts) {
        ActiveAudit audit = audits.current();
        Instant now = clock.instant();
        List<Expected> intact = new ArrayList<>();
        List<Damaged> damaged = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            switch (verdict) {
                case Intact good -> {
                    intact.add(good.expected());
                    count(audit, good.expected(), good.bytes());
                }
                case Damaged bad -> {
                    damaged.add(bad);
                    count(audit, bad.expected(), bad.bytes());
                }
                case Verdict.Unread _, Verdict.Untouched _ ->
                    throw new IllegalArgumentException("No verdict: " + verdict);
            }
        }
        if (!intact.isEmpty()) {
            catalog.markVerified(intact, now);
        }
        catalog.recordFindings(damaged, now, audit.jobExecutionId());
        for (Damaged bad : damaged) {
            log.warn(
                    "{} {}: expected {}, but the store has: {}",
                    bad.damage().kind(),
                    bad.expected().key(),
                    bad.damage().expected(),
                    bad.damage().seen());
            if (audit.options().repair()) {
                count(audit, repairs.repair(bad, audit.notesMadeDue.get()));
            }
        }
    }

    private static void count(ActiveAudit audit, Expected expected, long bytes) {
        switch (expected) {
            case Expected.MediaFile _ -> audit.files.increment();
            case Expected.SidecarFile _ -> audit.sidecars.increment();
        }
        audit.bytes.add(bytes);
    }

    /** Counts what was done about a finding. */
    static void count(ActiveAudit audit, Repairs.Result result) {
        switch (result) {
            case Repairs.Result.MadeDue(var notes) -> audit.notesMadeDue.addAndGet(notes.size());
            case Repairs.Result.Waiting _ -> audit.waiting.increment();
            case Repairs.Result.Rewritten _ -> audit.sidecarsRewritten.increment();
            case Repairs.Result.NotPossible _ -> audit.notPossible.increment();
        }
    }
}

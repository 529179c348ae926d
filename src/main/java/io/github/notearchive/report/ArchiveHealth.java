package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.ReasonCount;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.report.Health.Cause;
import io.github.notearchive.report.Health.Reason;
import java.io.IOException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** Checks jobs that are unfinished, notes that failed, and the results of audits. */
@Component
record ArchiveHealth(
        JobExecutionQueries executions,
        ErasureList erasures,
        ResponseSpool spool,
        WorklistStats worklist,
        MediaTotals media,
        AuditRepository audits,
        SchemaDrift drift,
        HealthProperties settings) {

    /** Adds unfinished maintenance jobs, and responses that are not recorded in the ledger yet. */
    void addUnfinishedJobs(List<Reason> reasons) {
        if (executions.isRebuildUnfinished()) {
            reasons.add(new Reason(
                    Cause.REBUILD_UNFINISHED,
                    "a rebuild of the tables is not finished; run, enqueue and verify are rejected until then"));
        }
        if (executions.isRemapUnfinished()) {
            reasons.add(new Reason(Cause.REMAP_UNFINISHED, "a remap is not finished"));
        }
        long unfinished = erasures.count().unfinished();
        if (unfinished > 0) {
            reasons.add(new Reason(
                    Cause.FORGET_UNFINISHED, "erasures of notes or authors that are not finished: " + unfinished));
        }
        try {
            for (ResponseSpool files : spool.ofAllNodes()) {
                reasons.add(new Reason(Cause.RESPONSES_IN_FILES, files.summary() + " are not in the ledger yet"));
            }
        } catch (IOException e) {
            reasons.add(new Reason(
                    Cause.RESPONSES_IN_FILES,
                    "paid responses may be in files that this user cannot read: " + e,
                    "permit this user to read them"));
        }
    }

    /** Adds what is wrong with notes, objects and fields. */
    void addContents(List<Reason> reasons, Instant now) {
        addFailedNotes(reasons);
        long degraded = media.degradedNotes();
        if (degraded > 0) {
            reasons.add(new Reason(
                    Cause.DEGRADED_NOTES,
                    (degraded == 1 ? "1 archived note has" : DisplayFormat.count(degraded) + " archived notes have")
                            + " a file in a lesser rendition than the best one offered"));
        }
        addFindings(reasons);
        addVerification(reasons, now);
        // findings have separate reasons; an audit that reached its time limit is no failure
        executions
                .newest(JobNames.VERIFY, null)
                .filter(audit -> audit.ended() != null)
                .filter(audit -> !audit.exitCode().equals(ExitCode.FINDINGS.name())
                        && !ExitCode.named(audit.exitCode()).isOrderly())
                .ifPresent(audit -> reasons.add(new Reason(
                        Cause.AUDIT_FAILED,
                        "the last audit ended " + HealthCheck.age(audit.ended(), now) + " with " + audit.exitCode())));
        long fields = drift.unreviewed(1).fields();
        if (fields > 0) {
            reasons.add(new Reason(Cause.NEW_FIELDS, DisplayFormat.plural(fields, "new field") + " in responses"));
        }
    }

    /** Adds one reason per {@link StateReason}, since remedy and cost differ. */
    private void addFailedNotes(List<Reason> reasons) {
        Map<StateReason, Long> failed = worklist.reasons().stream()
                .filter(count -> count.state() == NoteState.FAILED)
                .collect(Collectors.groupingBy(
                        ReasonCount::reason, TreeMap::new, Collectors.summingLong(ReasonCount::notes)));
        failed.forEach((reason, notes) -> reasons.add(new Reason(
                Cause.NOTES_FAILED,
                DisplayFormat.plural(notes, "note") + " failed and will not be retried: " + reason.meaning(),
                reason.command())));
    }

    private void addFindings(List<Reason> reasons) {
        Map<Damage.Kind, Long> damage = new EnumMap<>(Damage.Kind.class);
        Map<Damage.Kind, Long> others = new EnumMap<>(Damage.Kind.class);
        audits.countOpen().forEach((kind, count) -> (isDamage(kind) ? damage : others).put(kind, count));
        if (!damage.isEmpty()) {
            reasons.add(
                    new Reason(Cause.STORE_DAMAGED, "the store differs from the tables: " + Damage.describe(damage)));
        }
        if (!others.isEmpty()) {
            reasons.add(new Reason(Cause.FINDINGS_OPEN, "audits found " + Damage.describe(others)));
        }
    }

    /** Returns whether the store differs from the tables, which {@code verify --repair} corrects. */
    static boolean isDamage(Damage.Kind kind) {
        return switch (kind) {
            case MISSING, CORRUPT, SIZE, UNRECORDED, SIDECAR_MISSING, SIDECAR_CORRUPT -> true;
            case UNREADABLE, ORPHAN -> false;
        };
    }

    private void addVerification(List<Reason> reasons, Instant now) {
        AuditRepository.Verified verified = audits.verified(now);
        Instant oldest = verified.oldest();
        if (verified.never() > 0) {
            reasons.add(
                    new Reason(
                            Cause.NEVER_VERIFIED,
                            DisplayFormat.count(verified.never())
                                    + (verified.never() < AuditRepository.MAX_NEVER_VERIFIED ? "" : " or more")
                                    + (verified.never() == 1 ? " file has" : " files have")
                                    + " no usable time of verification: none since the tables were rebuilt, or one later than now"));
        } else if (oldest != null && oldest.plus(settings.verifiedWithin()).isBefore(now)) {
            reasons.add(new Reason(
                    Cause.NOT_VERIFIED,
                    "a file was last verified " + HealthCheck.age(oldest, now) + "; the limit is "
                            + settings.verifiedWithin().toDays() + " days"));
        }
    }
}

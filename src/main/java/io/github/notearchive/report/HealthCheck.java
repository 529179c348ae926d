package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Run;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.ReasonCount;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Health.Cause;
import io.github.notearchive.report.Health.Reason;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Computes the health of the archive from the tables, without requests to the provider or the store. */
@Component
public record HealthCheck(
        RunHistory history,
        JobExecutionQueries executions,
        QuotaHolds quotaHolds,
        WorklistStats worklist,
        ErasureList erasures,
        ResponseSpool spool,
        MediaTotals media,
        AuditRepository audits,
        SchemaDrift drift,
        HealthProperties settings,
        Clock clock) {

    private static final int NIGHTS = 14;

    public Health check() {
        Instant now = clock.instant();
        LocalDate tonight = Night.of(now).date();
        // later nights too: the clock of another node, or of the sandbox, may be ahead
        List<Run> all =
                history.runs(null, new Night(tonight.minusDays(NIGHTS - 1L)), new Night(tonight.plusDays(NIGHTS)));
        Map<String, Run> lastByNode = new TreeMap<>();
        all.forEach(run -> lastByNode.put(run.node(), run));
        List<Reason> reasons = new ArrayList<>();
        addUnfinishedJobs(reasons);
        lastByNode.values().forEach(run -> lastRun(run, now).ifPresent(reasons::add));
        addStop(reasons, all);
        addLastSuccess(reasons, all, now);
        addFailedNotes(reasons);
        addFindings(reasons);
        addVerification(reasons, now);
        addLastAudit(reasons, now);
        long fields = drift.unreviewed(1).fields();
        addIf(fields > 0, reasons, Cause.NEW_FIELDS, DisplayFormat.plural(fields, "new field") + " in responses");
        Run last = all.isEmpty() ? null : all.getLast();
        return Health.of(last, last == null ? "no run yet" : describe(last, now), reasons);
    }

    private static void addIf(boolean condition, List<Reason> reasons, Cause cause, String what) {
        if (condition) {
            reasons.add(new Reason(cause, what));
        }
    }

    /** Adds unfinished maintenance jobs, and responses that are not recorded in the ledger yet. */
    private void addUnfinishedJobs(List<Reason> reasons) {
        addIf(
                executions.isRebuildUnfinished(),
                reasons,
                Cause.REBUILD_UNFINISHED,
                "a rebuild of the tables is not finished; run, enqueue and verify are rejected until then");
        addIf(executions.isRemapUnfinished(), reasons, Cause.REMAP_UNFINISHED, "a remap is not finished");
        long unfinished = erasures.count().unfinished();
        addIf(
                unfinished > 0,
                reasons,
                Cause.FORGET_UNFINISHED,
                "erasures of notes or authors that are not finished: " + unfinished);
        try {
            for (ResponseSpool files : spool.nonEmpty()) {
                reasons.add(new Reason(Cause.RESPONSES_IN_FILES, files.summary() + " are not in the ledger yet"));
            }
        } catch (IOException e) {
            reasons.add(new Reason(
                    Cause.RESPONSES_IN_FILES,
                    "paid responses may be in files that this user cannot read: " + e,
                    "permit this user to read them"));
        }
    }

    private boolean isActive(Run run) {
        return !run.isKilled() && executions.isRunActive(run.node());
    }

    /** Returns a reason unless the last run of the node ended in order. */
    private Optional<Reason> lastRun(Run run, Instant now) {
        String node = run.node();
        Optional<ExitCode> exit = NightReport.exit(run);
        if (exit.isPresent()) {
            String why = run.reason() == null ? "" : ": " + run.reason();
            return exit.filter(code -> !code.isOrderly())
                    .map(code -> new Reason(
                            Cause.RUN_FAILED,
                            "the last run of node %s ended %s with %s%s"
                                    .formatted(node, age(run.ended(), now), code.label(), why),
                            NightReport.next(run, code)));
        }
        return Optional.of(
                isActive(run)
                        ? new Reason(
                                Cause.RUN_ACTIVE,
                                "a run of node " + node + " has been active since " + Night.local(run.began()))
                        : new Reason(
                                Cause.RUN_KILLED,
                                "the last run of node %s did not record its end: it was killed, or the database was unavailable; nothing is lost, and the next run resumes it"
                                        .formatted(node),
                                "note-archive run --node " + node));
    }

    /** Adds the quota that stops runs, or else the interruption of the last run of any node if notes are due. */
    private void addStop(List<Reason> reasons, List<Run> all) {
        Optional<QuotaHolds.Closed> hold = quotaHolds.current();
        hold.ifPresent(closed -> reasons.add(new Reason(
                Cause.GATE_CLOSED,
                "the gate is closed until " + Night.local(closed.until()) + ": " + closed.reason())));
        boolean isInterrupted = !all.isEmpty()
                && ExitCode.INTERRUPTED.name().equals(all.getLast().exitCode());
        long due = worklist.countByState().stream().mapToLong(StateCount::due).sum();
        addIf(
                hold.isEmpty() && isInterrupted && due > 0,
                reasons,
                Cause.RUN_INTERRUPTED,
                "the last run was interrupted; notes that are due: " + DisplayFormat.count(due));
    }

    private void addLastSuccess(List<Reason> reasons, List<Run> all, Instant now) {
        if (all.isEmpty()) {
            reasons.add(
                    worklist.countByState().isEmpty()
                            ? new Reason(Cause.WORKLIST_EMPTY, "the worklist is empty")
                            : new Reason(Cause.NO_RUN, "no run has ended in the last " + NIGHTS + " nights"));
            return;
        }
        Optional<Instant> success = all.stream()
                .filter(run -> NightReport.exit(run).filter(ExitCode::isOrderly).isPresent())
                .flatMap(run -> Stream.ofNullable(run.ended()))
                .max(Comparator.naturalOrder());
        Run first = all.getFirst();
        Night before = new Night(first.night().date().minusDays(1));
        boolean isNewArchive =
                success.isEmpty() && history.lastNight(null, before).isEmpty();
        Instant since = isNewArchive ? first.began() : success.orElse(Instant.MIN);
        String what = isNewArchive
                ? "no run has succeeded since the first one started " + age(first.began(), now)
                : success.map(at -> "the last successful run ended " + age(at, now))
                        .orElse("no run has succeeded in the last " + NIGHTS + " nights");
        addIf(
                since.isBefore(now.minus(settings.successWithin())),
                reasons,
                Cause.NO_SUCCESS,
                what + "; the limit is " + settings.successWithin().toHours() + " h");
    }

    /** Adds one reason per {@link StateReason}, since remedy and cost differ, and lesser renditions. */
    private void addFailedNotes(List<Reason> reasons) {
        Map<StateReason, Long> failed = worklist.reasons().stream()
                .filter(count -> count.state() == NoteState.FAILED)
                .collect(Collectors.groupingBy(
                        ReasonCount::reason, TreeMap::new, Collectors.summingLong(ReasonCount::notes)));
        failed.forEach((reason, notes) -> reasons.add(new Reason(
                Cause.NOTES_FAILED,
                DisplayFormat.plural(notes, "note") + " failed and will not be retried: " + reason.meaning(),
                reason.command())));
        long degraded = media.degradedNotes();
        addIf(
                degraded > 0,
                reasons,
                Cause.DEGRADED_NOTES,
                (degraded == 1 ? "1 archived note has" : DisplayFormat.count(degraded) + " archived notes have")
                        + " a file in a lesser rendition than the best one offered");
    }

    private void addFindings(List<Reason> reasons) {
        Map<Damage.Kind, Long> damage = audits.countOpen();
        Map<Damage.Kind, Long> others = new EnumMap<>(damage);
        damage.keySet().removeIf(kind -> !isDamage(kind));
        others.keySet().removeAll(damage.keySet());
        addIf(
                !damage.isEmpty(),
                reasons,
                Cause.STORE_DAMAGED,
                "the store differs from the tables: " + Damage.describe(damage));
        addIf(!others.isEmpty(), reasons, Cause.FINDINGS_OPEN, "audits found " + Damage.describe(others));
    }

    /** Returns whether the store differs from the tables, which {@code verify --repair} corrects. */
    static boolean isDamage(Damage.Kind kind) {
        return kind != Damage.Kind.UNREADABLE && kind != Damage.Kind.ORPHAN;
    }

    private void addVerification(List<Reason> reasons, Instant now) {
        AuditRepository.Verified verified = audits.verified(now);
        Instant oldest = verified.oldest();
        addIf(
                verified.never() > 0,
                reasons,
                Cause.NEVER_VERIFIED,
                DisplayFormat.count(verified.never())
                        + (verified.never() < AuditRepository.MAX_NEVER_VERIFIED ? "" : " or more")
                        + (verified.never() == 1 ? " file has" : " files have")
                        + " no usable time of verification: none since the tables were rebuilt, or one later than now");
        addIf(
                verified.never() == 0
                        && oldest != null
                        && oldest.plus(settings.verifiedWithin()).isBefore(now),
                reasons,
                Cause.NOT_VERIFIED,
                "a file was last verified " + age(oldest, now) + "; the limit is "
                        + settings.verifiedWithin().toDays() + " days");
    }

    /** Adds an audit that failed. Findings have separate reasons, and an audit may reach its time limit. */
    private void addLastAudit(List<Reason> reasons, Instant now) {
        executions
                .newest(JobNames.VERIFY, null)
                .filter(audit -> audit.ended() != null)
                .filter(audit -> !audit.exitCode().equals(ExitCode.FINDINGS.name())
                        && !ExitCode.named(audit.exitCode()).isOrderly())
                .ifPresent(audit -> reasons.add(new Reason(
                        Cause.AUDIT_FAILED,
                        "the last audit ended " + age(audit.ended(), now) + " with " + audit.exitCode())));
    }

    private String describe(Run last, Instant now) {
        return NightReport.exit(last)
                .map(exit -> "the last run ended %s with %s".formatted(age(last.ended(), now), exit.label()))
                .orElseGet(() -> isActive(last)
                        ? "a run is active, started " + age(last.began(), now)
                        : "the last run started " + age(last.began(), now) + " and did not record its end");
    }

    private static String age(@Nullable Instant then, Instant now) {
        if (then == null) {
            return "at an unknown time";
        }
        Duration age = Duration.between(then, now);
        if (age.compareTo(Duration.ofMinutes(-1)) < 0) {
            return "on " + Night.local(then) + ", by a clock ahead of this one,";
        }
        if (age.toMinutes() < 1) {
            return "just now";
        }
        if (age.toDays() >= 3) {
            return age.toDays() + " days ago";
        }
        return (age.toHours() == 0 ? "" : age.toHours() + " h ") + age.toMinutesPart() + " min ago";
    }
}

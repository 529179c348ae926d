package io.github.notearchive.report;

import static io.github.notearchive.report.Health.Reason.when;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.Health.Reason;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;
import org.springframework.validation.annotation.Validated;

/** Computes the health of the archive from the tables, without requests. */
@Component
public final class HealthCheck {

    private static final int NIGHTS = 14;

    private final RunHistory history;
    private final JobExecutionQueries executions;
    private final QuotaHolds quotaHolds;
    private final WorklistStats worklist;
    private final ResponseSpool spool;
    private final DataHealth data;
    private final HealthProperties settings;
    private final Clock clock;

    HealthCheck(
            RunHistory history,
            JobExecutionQueries executions,
            QuotaHolds quotaHolds,
            WorklistStats worklist,
            ResponseSpool spool,
            DataHealth data,
            HealthProperties settings,
            Clock clock) {
        this.history = history;
        this.executions = executions;
        this.quotaHolds = quotaHolds;
        this.worklist = worklist;
        this.spool = spool;
        this.data = data;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Computes the health.
     *
     * @param difference of the tables and the bucket; empty if they belong together
     */
    public Health check(Optional<String> difference) {
        Instant now = clock.instant();
        LocalDate tonight = Night.of(now).date();
        // later nights too: the clock of another node, or of the sandbox, may be ahead
        List<RecordedRun> all =
                history.runs(null, new Night(tonight.minusDays(NIGHTS - 1L)), new Night(tonight.plusDays(NIGHTS)));
        Map<String, RecordedRun> lastByNode = new TreeMap<>();
        all.forEach(run -> lastByNode.put(run.node(), run));
        List<Reason> reasons = Stream.of(
                        when(
                                executions.isRebuildUnfinished(),
                                HealthCause.REBUILD_UNFINISHED,
                                "a rebuild of the tables is not finished; run, enqueue and verify are rejected until "
                                        + "then"),
                        difference.stream().map(what -> new Reason(HealthCause.BUCKET_DIFFERS, what)),
                        when(executions.isRemapUnfinished(), HealthCause.REMAP_UNFINISHED, "a remap is not finished"),
                        data.erasures(),
                        responsesInFiles(),
                        lastByNode.values().stream().flatMap(run -> lastRun(run, now)),
                        quota(),
                        lastSuccess(all, now),
                        data.notes(),
                        data.findings(),
                        data.verification(now),
                        lastAudit(now),
                        data.log(now),
                        data.newFields())
                .flatMap(reason -> reason)
                .toList();
        RecordedRun last = all.isEmpty() ? null : all.getLast();
        return Health.of(last, last == null ? "no run yet" : describe(last, now), reasons);
    }

    private Stream<Reason> responsesInFiles() {
        try {
            return spool.nonEmpty().stream()
                    .map(files ->
                            new Reason(HealthCause.RESPONSES_IN_FILES, files.summary() + " are not in the ledger yet"));
        } catch (IOException e) {
            return Stream.of(new Reason(
                    HealthCause.RESPONSES_IN_FILES,
                    "paid responses may be in files that this user cannot read: " + e,
                    "permit this user to read them"));
        }
    }

    private boolean isActive(RecordedRun run) {
        return !run.isKilled() && executions.isRunActive(run.node());
    }

    /** Returns a reason unless the last run of the node ended in order. */
    private Stream<Reason> lastRun(RecordedRun run, Instant now) {
        String node = run.node();
        Optional<ExitCode> exit = NightReport.exit(run);
        if (exit.isPresent()) {
            String why = run.reason() == null ? "" : ": " + run.reason();
            String what = "the last run of node %s ended %s with %s%s"
                    .formatted(node, age(run.ended(), now), exit.get().label(), why);
            return exit.filter(code -> !code.isOrderly()).stream()
                    .map(code ->
                            new Reason(HealthCause.RUN_FAILED, what, NightReport.next(run, code)).with(node, code));
        }
        return Stream.of(
                isActive(run)
                        ? new Reason(
                                        HealthCause.RUN_ACTIVE,
                                        "a run of node " + node + " has been active since " + Night.local(run.began()))
                                .with(node, Night.local(run.began()))
                        : new Reason(
                                        HealthCause.RUN_KILLED,
                                        ("the last run of node %s did not record its end: it was killed, or the "
                                                        + "database was unavailable; nothing is lost, and the next run "
                                                        + "resumes it")
                                                .formatted(node),
                                        "note-archive run --node " + node)
                                .with(node));
    }

    private Stream<Reason> quota() {
        return quotaHolds.current().stream()
                .map(closed -> new Reason(
                                HealthCause.GATE_CLOSED,
                                "the gate is closed until " + Night.local(closed.until()) + ": " + closed.reason())
                        .with(Night.local(closed.until())));
    }

    private Stream<Reason> lastSuccess(List<RecordedRun> all, Instant now) {
        if (all.isEmpty()) {
            return Stream.of(
                    worklist.countByState().isEmpty()
                            ? new Reason(HealthCause.WORKLIST_EMPTY, "the worklist is empty")
                            : new Reason(HealthCause.NO_RUN, "no run has ended in the last " + NIGHTS + " nights")
                                    .with(NIGHTS));
        }
        Optional<Instant> success = all.stream()
                .filter(run -> NightReport.exit(run).filter(ExitCode::isOrderly).isPresent())
                .flatMap(run -> Stream.ofNullable(run.ended()))
                .max(Comparator.naturalOrder());
        RecordedRun first = all.getFirst();
        Night before = new Night(first.night().date().minusDays(1));
        boolean isNewArchive =
                success.isEmpty() && history.lastNight(null, before).isEmpty();
        Instant since = isNewArchive ? first.began() : success.orElse(Instant.MIN);
        String what = isNewArchive
                ? "no run has succeeded since the first one started " + age(first.began(), now)
                : success.map(at -> "the last successful run ended " + age(at, now))
                        .orElse("no run has succeeded in the last " + NIGHTS + " nights");
        return when(
                since.isBefore(now.minus(settings.successWithin())),
                HealthCause.NO_SUCCESS,
                what + "; the limit is " + settings.successWithin().toHours() + " h",
                settings.successWithin().toHours());
    }

    /** Returns an audit that failed. Findings have separate reasons, and an audit may reach its time limit. */
    private Stream<Reason> lastAudit(Instant now) {
        return executions
                .newest(JobNames.VERIFY, null)
                .filter(audit -> audit.ended() != null)
                .filter(audit -> !audit.exitCode().equals(ExitCode.FINDINGS.name())
                        && !ExitCode.named(audit.exitCode()).isOrderly())
                .stream()
                .map(audit -> new Reason(
                                HealthCause.AUDIT_FAILED,
                                "the last audit ended " + age(audit.ended(), now) + " with " + audit.exitCode())
                        .with(ExitCode.named(audit.exitCode())));
    }

    private String describe(RecordedRun last, Instant now) {
        return NightReport.exit(last)
                .map(exit -> "the last run ended %s with %s".formatted(age(last.ended(), now), exit.label()))
                .orElseGet(() -> isActive(last)
                        ? "a run is active, started " + age(last.began(), now)
                        : "the last run started " + age(last.began(), now) + " and did not record its end");
    }

    static String age(@Nullable Instant then, Instant now) {
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

    /**
     * Limits of the health that {@code status} reports.
     *
     * @param successWithin maximum time since a run ended with 0, 3, 6 or 7: a day, and two hours since nights differ
     *     in length
     * @param verifiedWithin maximum time since the last verification of each file in the store
     */
    @Validated
    @ConfigurationProperties("archive.health")
    public record HealthProperties(
            @DefaultValue("26h") @DurationMin(minutes = 1) Duration successWithin,
            @DefaultValue("35d") @DurationMin(hours = 1) Duration verifiedWithin) {}
}

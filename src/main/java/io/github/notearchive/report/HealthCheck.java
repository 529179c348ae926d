package io.github.notearchive.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.HealthCheck.Health.HealthCause;
import io.github.notearchive.report.HealthCheck.Health.Reason;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.EnumMap;
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

    /** Number of failed notes that are examined for the id of an example. */
    private static final int EXAMINED = 1_000;

    private final RunHistory history;
    private final JobExecutionQueries executions;
    private final QuotaHolds quotaHolds;
    private final WorklistStats worklist;
    private final ErasureList erased;
    private final ResponseSpool spool;
    private final MediaTotals media;
    private final AuditRepository audits;
    private final SchemaDrift drift;
    private final LogRepository log;
    private final HealthProperties settings;
    private final Clock clock;

    HealthCheck(
            RunHistory history,
            JobExecutionQueries executions,
            QuotaHolds quotaHolds,
            WorklistStats worklist,
            ErasureList erased,
            ResponseSpool spool,
            MediaTotals media,
            AuditRepository audits,
            SchemaDrift drift,
            LogRepository log,
            HealthProperties settings,
            Clock clock) {
        this.history = history;
        this.executions = executions;
        this.quotaHolds = quotaHolds;
        this.worklist = worklist;
        this.erased = erased;
        this.spool = spool;
        this.media = media;
        this.audits = audits;
        this.drift = drift;
        this.log = log;
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
        long erasures = erased.count().unfinished();
        long fields = drift.unreviewed(1).fields();
        List<Reason> reasons = Stream.of(
                        when(
                                executions.isRebuildUnfinished(),
                                HealthCause.REBUILD_UNFINISHED,
                                "a rebuild of the tables is not finished; run, enqueue and verify are rejected until then"),
                        difference.stream().map(what -> new Reason(HealthCause.BUCKET_DIFFERS, what)),
                        when(executions.isRemapUnfinished(), HealthCause.REMAP_UNFINISHED, "a remap is not finished"),
                        when(
                                erasures > 0,
                                HealthCause.FORGET_UNFINISHED,
                                "erasures of notes or authors that are not finished: " + erasures,
                                erasures),
                        responsesInFiles(),
                        lastByNode.values().stream().flatMap(run -> lastRun(run, now)),
                        quota(),
                        lastSuccess(all, now),
                        notes(),
                        findings(),
                        verification(now),
                        lastAudit(now),
                        when(
                                log.isBehind(now, settings.successWithin()),
                                HealthCause.LOG_BEHIND,
                                "captures are not logged"),
                        when(
                                fields > 0,
                                HealthCause.NEW_FIELDS,
                                DisplayFormat.plural(fields, "new field") + " in responses",
                                fields))
                .flatMap(reason -> reason)
                .toList();
        RecordedRun last = all.isEmpty() ? null : all.getLast();
        return Health.of(last, last == null ? "no run yet" : describe(last, now), reasons);
    }

    private static Stream<Reason> when(boolean condition, HealthCause cause, String what, Object... arguments) {
        return condition ? Stream.of(new Reason(cause, what).with(arguments)) : Stream.empty();
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
                                        "the last run of node %s did not record its end: it was killed, or the database was unavailable; nothing is lost, and the next run resumes it"
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

    /** Returns one reason per {@link StateReason}, since remedy and cost differ, and lesser renditions. */
    private Stream<Reason> notes() {
        long degraded = media.degradedNotes();
        return Stream.concat(
                worklist.openNotes(EXAMINED).stream()
                        .filter(failed -> failed.state() == NoteState.FAILED)
                        .map(failed -> new Reason(
                                        HealthCause.NOTES_FAILED,
                                        DisplayFormat.plural(failed.notes(), "note")
                                                + " failed and will not be retried: "
                                                + failed.reason().meaning(),
                                        failed.reason().command(failed.example()))
                                .with(failed.notes(), failed.reason())),
                when(
                        degraded > 0,
                        HealthCause.DEGRADED_NOTES,
                        (degraded == 1 ? "1 archived note has" : DisplayFormat.count(degraded) + " archived notes have")
                                + " a file in a lesser rendition than the best one offered",
                        degraded));
    }

    private Stream<Reason> findings() {
        Map<Damage.FindingKind, Long> damage = audits.countOpen();
        Map<Damage.FindingKind, Long> others = new EnumMap<>(damage);
        damage.keySet().removeIf(kind -> !isDamage(kind));
        others.keySet().removeAll(damage.keySet());
        return Stream.concat(
                when(
                        !damage.isEmpty(),
                        HealthCause.STORE_DAMAGED,
                        "the store differs from the tables: " + Damage.describe(damage),
                        sum(damage)),
                when(
                        !others.isEmpty(),
                        HealthCause.FINDINGS_OPEN,
                        "audits found " + Damage.describe(others),
                        sum(others)));
    }

    private static long sum(Map<Damage.FindingKind, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns whether the store differs from the tables, which {@code verify --repair} corrects. */
    static boolean isDamage(Damage.FindingKind kind) {
        return switch (kind) {
            case UNREADABLE, ORPHAN, FORGOTTEN -> false;
            case MISSING, CORRUPT, SIZE, UNRECORDED, SIDECAR_MISSING, SIDECAR_CORRUPT, SIDECAR_STALE -> true;
        };
    }

    private Stream<Reason> verification(Instant now) {
        AuditRepository.Verified verified = audits.verified(now);
        if (verified.never() > 0) {
            String files = DisplayFormat.plural(verified.never(), "file")
                    + (verified.never() < AuditRepository.MAX_NEVER_VERIFIED ? "" : " or more");
            String what =
                    " without usable time of verification: none since the tables were rebuilt, or one later than now";
            return Stream.of(new Reason(HealthCause.NEVER_VERIFIED, files + what).with(verified.never()));
        }
        return Stream.ofNullable(verified.oldest())
                .filter(oldest -> oldest.plus(settings.verifiedWithin()).isBefore(now))
                .map(oldest -> new Reason(
                                HealthCause.NOT_VERIFIED,
                                "a file was last verified " + age(oldest, now) + "; the limit is "
                                        + settings.verifiedWithin().toDays() + " days")
                        .with(settings.verifiedWithin().toDays()));
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

    /** Health of the archive with its reasons, worst first; those of level HEALTHY are information. */
    public record Health(
            Level level,
            @JsonProperty("inAWord") String summary,
            @Nullable LastRun lastRun,
            List<Reason> reasons) {

        /** Severity, in ascending order. */
        public enum Level {
            HEALTHY,
            /** Nothing is lost and runs continue, but an operator should look. */
            ATTENTION,
            /** Runs do not continue, or archived data is damaged. */
            BROKEN
        }

        /**
         * Causes of a reason with their levels and remedies; a remedy that depends on the case is empty here. The
         * alerts of {@code config/prometheus/alerts.yml} have the same list, and the same levels as severities.
         */
        public enum HealthCause {
            RUN_ACTIVE(Level.HEALTHY, "no action needed"),
            GATE_CLOSED(Level.HEALTHY, "no action needed; a later run makes calls again"),
            WORKLIST_EMPTY(Level.ATTENTION, "note-archive enqueue FILE"),
            NO_RUN(Level.ATTENTION, "note-archive run"),
            RUN_KILLED(Level.ATTENTION, ""),
            NOTES_FAILED(Level.ATTENTION, ""),
            DEGRADED_NOTES(
                    Level.ATTENTION, "note-archive requeue --degraded, then run: buys one new response for each"),
            RESPONSES_IN_FILES(Level.ATTENTION, "note-archive run, which records them; if it does not, see the log"),
            FINDINGS_OPEN(Level.ATTENTION, "note-archive verify; --delete-orphans removes orphans"),
            NEVER_VERIFIED(Level.ATTENTION, "note-archive verify"),
            NOT_VERIFIED(Level.ATTENTION, "note-archive verify --max-duration 2h, each day"),
            AUDIT_FAILED(Level.ATTENTION, "read its log, then note-archive verify"),
            NEW_FIELDS(
                    Level.ATTENTION,
                    "note-archive status --verbose lists them; UPDATE schema_drift SET state = 'BASELINE' accepts them"),
            LOG_BEHIND(Level.ATTENTION, "note-archive run appends them to the log of captures, or shows why not"),
            BUCKET_DIFFERS(Level.ATTENTION, "note-archive rebuild --missing, which merges a restored dump"),
            REMAP_UNFINISHED(Level.ATTENTION, "note-archive remap"),
            FORGET_UNFINISHED(Level.ATTENTION, "repeat the last note-archive forget --yes"),
            REBUILD_UNFINISHED(Level.BROKEN, "note-archive rebuild"),
            RUN_FAILED(Level.BROKEN, ""),
            NO_SUCCESS(Level.BROKEN, "note-archive run; then check its schedule"),
            STORE_DAMAGED(
                    Level.BROKEN,
                    "note-archive verify --repair, then run, which stores the files again, then verify, which confirms it");

            private final Level level;
            private final String command;

            HealthCause(Level level, String command) {
                this.level = level;
                this.command = command;
            }

            public Level level() {
                return level;
            }
        }

        /**
         * One cause with its details, a statement without a full stop, and its remedy.
         *
         * @param arguments details for the text of the cause in another language
         */
        public record Reason(
                HealthCause cause,
                Level level,
                String what,
                String command,
                @JsonIgnore List<Object> arguments) {

            Reason(HealthCause cause, String what, String command) {
                this(cause, cause.level, what, command, List.of());
            }

            private Reason with(Object... details) {
                return new Reason(cause, level, what, command, List.of(details));
            }

            Reason(HealthCause cause, String what) {
                this(cause, what, cause.command);
            }
        }

        /**
         * The newest run.
         *
         * @param exitNumber null if it is active or was killed
         * @param exitCode {@code NOT_OVER} of an active run, {@code KILLED} of a killed one
         */
        public record LastRun(
                String node,
                @Nullable Long execution,
                Instant began,
                @Nullable Instant ended,
                @Nullable Integer exitNumber,
                String exitCode) {

            static LastRun of(RecordedRun run) {
                Optional<ExitCode> exit = NightReport.exit(run);
                return new LastRun(
                        run.node(),
                        run.execution(),
                        run.began(),
                        run.ended(),
                        exit.map(ExitCode::number).orElse(null),
                        exit.map(ExitCode::name).orElse(run.isKilled() ? "KILLED" : "NOT_OVER"));
            }
        }

        static Health of(@Nullable RecordedRun lastRun, String lastRunDescription, List<Reason> reasons) {
            List<Reason> sorted = reasons.stream()
                    .sorted(Comparator.comparing(Reason::level).reversed())
                    .toList();
            Level level = sorted.isEmpty() ? Level.HEALTHY : sorted.getFirst().level();
            long broken = count(sorted, Level.BROKEN);
            long attention = count(sorted, Level.ATTENTION);
            String summary = switch (level) {
                case HEALTHY -> "no action required";
                case ATTENTION -> DisplayFormat.plural(attention, "problem") + " to review";
                case BROKEN ->
                    DisplayFormat.plural(broken, "problem") + " to fix now"
                            + (attention == 0 ? "" : ", " + attention + " to review");
            };
            return new Health(
                    level, summary + "; " + lastRunDescription, lastRun == null ? null : LastRun.of(lastRun), sorted);
        }

        long count(Level of) {
            return count(reasons, of);
        }

        private static long count(List<Reason> reasons, Level level) {
            return reasons.stream().filter(reason -> reason.level() == level).count();
        }
    }
}

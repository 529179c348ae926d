package io.github.notearchive.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.text.DisplayFormat;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
     * Causes of a reason with their levels and remedies; a remedy that depends on the case is empty here. The alerts of
     * {@code config/prometheus/alerts.yml} have the same list, and the same levels as severities.
     */
    public enum HealthCause {
        RUN_ACTIVE(Level.HEALTHY, "no action needed"),
        GATE_CLOSED(Level.HEALTHY, "no action needed; a later run makes calls again"),
        WORKLIST_EMPTY(Level.ATTENTION, "note-archive enqueue FILE"),
        NO_RUN(Level.ATTENTION, "note-archive run"),
        RUN_KILLED(Level.ATTENTION, ""),
        NOTES_FAILED(Level.ATTENTION, ""),
        DEGRADED_NOTES(Level.ATTENTION, "note-archive requeue --degraded, then run: buys one new response for each"),
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

        /** Returns a reason with its cause's remedy if a condition holds. */
        static Stream<Reason> when(boolean condition, HealthCause cause, String what, Object... details) {
            return condition ? Stream.of(new Reason(cause, what).with(details)) : Stream.empty();
        }

        Reason with(Object... details) {
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

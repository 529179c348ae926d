package io.github.notearchive.report;

import com.fasterxml.jackson.annotation.JsonIncludeProperties;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.report.NightReport.Run;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Health of the archive with the reasons and their remedies.
 *
 * @param level worst level of the reasons
 * @param inAWord one sentence
 * @param lastRun newest run of any node; null if there was none
 * @param reasons worst first; those of level HEALTHY are information
 */
public record Health(
        Level level,
        String inAWord,

        @JsonIncludeProperties({"node", "execution", "began", "ended", "exitNumber", "exitCode"}) @Nullable
        Run lastRun,

        List<Reason> reasons) {

    /** Severity, in ascending order. */
    public enum Level {
        /** No action required. */
        HEALTHY,
        /** Nothing is lost and runs continue, but an operator should look. */
        ATTENTION,
        /** Runs do not continue, or archived data is damaged. */
        BROKEN
    }

    /**
     * Causes of a reason with their levels. The alerts of {@code config/prometheus/alerts.yml} have the same list, and
     * the same levels as severities.
     */
    public enum Cause {
        RUN_ACTIVE(Level.HEALTHY),
        GATE_CLOSED(Level.HEALTHY),
        RUN_INTERRUPTED(Level.HEALTHY),
        WORKLIST_EMPTY(Level.ATTENTION),
        NO_RUN(Level.ATTENTION),
        RUN_KILLED(Level.ATTENTION),
        QUOTA_EACH_NIGHT(Level.ATTENTION),
        INCOMPLETE_EACH_NIGHT(Level.ATTENTION),
        BACKLOG_GROWS(Level.ATTENTION),
        NOTES_FAILED(Level.ATTENTION),
        DEGRADED_NOTES(Level.ATTENTION),
        RESPONSES_IN_FILES(Level.ATTENTION),
        FINDINGS_OPEN(Level.ATTENTION),
        NEVER_VERIFIED(Level.ATTENTION),
        NOT_VERIFIED(Level.ATTENTION),
        AUDIT_FAILED(Level.ATTENTION),
        NEW_FIELDS(Level.ATTENTION),
        REMAP_UNFINISHED(Level.ATTENTION),
        FORGET_UNFINISHED(Level.ATTENTION),
        REBUILD_UNFINISHED(Level.BROKEN),
        RUN_FAILED(Level.BROKEN),
        NO_SUCCESS(Level.BROKEN),
        STORE_DAMAGED(Level.BROKEN);

        private final Level level;

        Cause(Level level) {
            this.level = level;
        }

        public Level level() {
            return level;
        }
    }

    /**
     * One cause with its details.
     *
     * @param what statement without a full stop
     * @param command remedy: a command, or a text
     */
    public record Reason(Cause cause, Level level, String what, String command) {

        Reason(Cause cause, String what, String command) {
            this(cause, cause.level(), what, command);
        }
    }

    static Health of(@Nullable Run lastRun, String lastRunDescription, List<Reason> reasons) {
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
        return new Health(level, summary + "; " + lastRunDescription, lastRun, sorted);
    }

    private static long count(List<Reason> reasons, Level level) {
        return reasons.stream().filter(reason -> reason.level() == level).count();
    }
}

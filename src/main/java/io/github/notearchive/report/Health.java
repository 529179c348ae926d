package io.github.notearchive.report;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether the archive is well, and if not, why, with what deals with each.
 *
 * @param level the worst of the reasons
 * @param inAWord one sentence
 * @param lastRun the newest run of any node; null when there was none
 * @param reasons the worst first; those that are HEALTHY are merely good to know
 */
public record Health(Level level, String inAWord, @Nullable LastRun lastRun, List<Reason> reasons) {

    /** How well it is, the worst last. */
    public enum Level {
        /** All is as it should be. */
        HEALTHY,
        /** Nothing is lost and nights go on, but somebody should look. */
        ATTENTION,
        /** Nights do not go on, or something of the archive is damaged. */
        BROKEN
    }

    /**
     * What can be the reason, each with its level. The alerts of {@code config/prometheus/alerts.yml} have the same
     * list, and the same levels as severities.
     */
    public enum Cause {
        RUN_ACTIVE(Level.HEALTHY),
        GATE_CLOSED(Level.HEALTHY),
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
     * One thing that is not as it should be.
     *
     * @param what what is so, without a stop
     * @param command what deals with it, as it is typed or in words
     */
    public record Reason(Cause cause, Level level, String what, String command) {

        Reason(Cause cause, String what, String command) {
            this(cause, cause.level(), what, command);
        }
    }

    /**
     * The newest run.
     *
     * @param ended null when it is not over, or was killed and none has followed
     * @param exitNumber null when it is not over, or was killed
     */
    public record LastRun(
            String node,
            @Nullable Long execution,
            Instant began,
            @Nullable Instant ended,
            @Nullable Integer exitNumber,
            String exitCode) {}

    static Health of(@Nullable LastRun lastRun, String lastInWords, List<Reason> reasons) {
        List<Reason> sorted = reasons.stream()
                .sorted(Comparator.comparing(Reason::level).reversed())
                .toList();
        Level level = sorted.isEmpty() ? Level.HEALTHY : sorted.getFirst().level();
        long broken = count(sorted, Level.BROKEN);
        long attention = count(sorted, Level.ATTENTION);
        String word = switch (level) {
            case HEALTHY -> "nothing needs anybody";
            case ATTENTION -> things(attention) + " somebody to look";
            case BROKEN ->
                things(broken) + " somebody at once" + (attention == 0 ? "" : ", and " + attention + " a look");
        };
        return new Health(level, word + "; " + lastInWords, lastRun, sorted);
    }

    private static String things(long number) {
        return number == 1 ? "1 thing needs" : number + " things need";
    }

    private static long count(List<Reason> reasons, Level level) {
        return reasons.stream().filter(reason -> reason.level() == level).count();
    }
}

package io.github.notearchive.batch;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Result of a command, as reported to the receivers of metrics and notifications.
 *
 * @param next recommended action, for an operator
 * @param isSummarized whether the command returned a summary; false if it failed with an exception, possibly before it
 *     reached the database
 * @param counts null for an audit, and without an execution, as all that follow
 * @param calls null for an audit
 * @param findings open findings by kind; null for a run
 * @param logRoot root of the transparency log in hexadecimal; null for an audit, and if it is not known
 */
public record CommandResult(
        JobEnd end,
        String next,
        boolean isSummarized,
        @Nullable RunCounts counts,
        @Nullable CallCounts calls,
        @Nullable Map<?, Long> findings,
        @Nullable String logRoot)
        implements JobEnd.Summary {

    public record CallCounts(long calls, long billed, long billingUnknown) {}

    /** Returns the result of a command that failed with an exception. */
    public static CommandResult failed(ExitCode exitCode, String reason, String next) {
        JobEnd end = JobEnd.notStarted(exitCode, reason, Duration.ZERO);
        return new CommandResult(end, next, false, null, null, null, null);
    }

    /** Returns the result of a command with a summary that counts nothing. */
    public static CommandResult summarized(JobEnd end, String next) {
        return new CommandResult(end, next, true, null, null, null, null);
    }
}

package io.github.notearchive.batch;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Result of a command, as reported to the receivers of metrics and notifications.
 *
 * @param reason cause of the exit code, for an operator
 * @param next recommended action, for an operator
 * @param isSummarized whether the command returned a summary; false if it failed with an exception, possibly before it
 *     reached the database
 * @param executionId row of {@code batch_job_execution}; null if none was created, and then the following are null too
 * @param restart whether the execution resumed an unfinished job instance
 * @param counts null for an audit
 * @param calls null for an audit
 * @param findings open findings by kind; null for a run
 * @param logRoot root of the transparency log in hexadecimal; null for an audit, and if it is not known
 */
public record CommandResult(
        ExitCode exitCode,
        String reason,
        String next,
        boolean isSummarized,
        @Nullable Long executionId,
        @Nullable Boolean restart,
        @Nullable RunCounts counts,
        @Nullable CallCounts calls,
        @Nullable Map<?, Long> findings,
        @Nullable String logRoot) {

    public record CallCounts(long calls, long billed, long billingUnknown) {}

    public static CommandResult failed(ExitCode exitCode, String reason, String next) {
        return new CommandResult(exitCode, reason, next, false, null, null, null, null, null, null);
    }

    /** Returns the result of a command that ended before it created a job execution. */
    public static CommandResult notStarted(ExitCode exitCode, String reason, String next) {
        return new CommandResult(exitCode, reason, next, true, null, null, null, null, null, null);
    }
}

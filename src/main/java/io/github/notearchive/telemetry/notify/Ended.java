package io.github.notearchive.telemetry.notify;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifySummary;
import io.github.notearchive.nightly.RunSummary;
import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param exitCode what the process returns
 * @param reason why, for a person to read
 * @param next what to do now, for a person to read
 * @param run what a run did; null for an audit, and when it broke before it could say
 * @param audit what an audit found; null for a run, and when it broke before it could say
 */
public record Ended(
        ExitCode exitCode,
        String reason,
        String next,
        @Nullable RunSummary run,
        @Nullable VerifySummary audit) {

    /** A run that came to some end. */
    public static Ended of(RunSummary run, String next) {
        return new Ended(run.exitCode(), run.reason(), next, run, null);
    }

    /** An audit that came to some end. */
    public static Ended of(VerifySummary audit, String next) {
        return new Ended(audit.exitCode(), audit.reason(), next, null, audit);
    }

    /** A command that broke before it could say what it did. */
    public static Ended broken(ExitCode exitCode, String reason, String next) {
        return new Ended(exitCode, reason, next, null, null);
    }

    Event event() {
        return Event.of(exitCode);
    }

    /** Whether it got as far as the database, so that it can be asked. */
    boolean reachedTheJob() {
        return run != null || audit != null;
    }

    @Nullable
    Long execution() {
        return run != null ? run.executionId() : audit != null ? audit.execution() : null;
    }
}

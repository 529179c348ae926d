package io.github.notearchive.batch;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.ExitStatus;

/** Exit code and reason of a run: why it did not start, stopped before its work was done, or how it ended. */
public record StopReason(ExitCode exitCode, String reason) {

    private static final Logger log = LoggerFactory.getLogger(StopReason.class);

    public ExitStatus exitStatus() {
        return new ExitStatus(exitCode.name(), reason);
    }

    /** Classifies a failure of a step, and describes it in one line. */
    public static StopReason of(Throwable failure) {
        String reason = DatabaseErrors.summary(failure);
        if (DatabaseErrors.isRefused(failure)) {
            return new StopReason(
                    ExitCode.USAGE,
                    "the database denies access: " + reason + "; check the privileges of ARCHIVE_DATABASE_USER");
        }
        return new StopReason(
                DatabaseErrors.isUnavailable(failure) ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED, reason);
    }

    /** Classifies a failure outside of an execution. Unexpected exceptions are logged. */
    public static StopReason ofOutside(Exception failure) {
        StopReason stop = of(failure);
        if (stop.exitCode == ExitCode.FAILED) {
            log.error("Failed outside of an execution", failure);
        }
        return stop.exitCode == ExitCode.UPSTREAM_UNAVAILABLE
                ? new StopReason(stop.exitCode, "the database is unavailable: " + stop.reason)
                : stop;
    }
}

package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ExitCode;
import org.jspecify.annotations.Nullable;

/** Check of one thing that a run needs. An exception is translated into a result. */
@FunctionalInterface
public interface Check {

    Seen look() throws Exception;

    /** Result of a check. */
    enum Result {
        /** As expected. */
        OK,
        /** A run can start; an operator should look. */
        WARNING,
        /** A run would not start, or not get far. */
        FAILED,
        /** Not checked, since it depends on something that failed. */
        SKIPPED
    }

    /** Result with a message, and an exit code if the check failed. */
    record Seen(Result result, String message, @Nullable ExitCode exitCode) {

        static Seen ok(String message) {
            return new Seen(Result.OK, message, null);
        }

        static Seen warning(String message) {
            return new Seen(Result.WARNING, message, null);
        }

        static Seen wrong(String message) {
            return new Seen(Result.FAILED, message, ExitCode.USAGE);
        }

        static Seen unavailable(String message) {
            return new Seen(Result.FAILED, message, ExitCode.UPSTREAM_UNAVAILABLE);
        }

        static Seen skipped(String message) {
            return new Seen(Result.SKIPPED, message, null);
        }
    }
}

package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ExitCode;
import org.jspecify.annotations.Nullable;

/** Looks at one thing that a run needs, and says how it is. */
@FunctionalInterface
public interface Check {

    /** What is thrown is what was seen, too. */
    Seen look() throws Exception;

    /** How a thing is. */
    enum Result {
        /** As it should be. */
        OK,
        /** A run can begin; somebody should look. */
        WARNING,
        /** A run would not begin, or not get far. */
        FAILED,
        /** Not looked at, since it rests on something that failed. */
        SKIPPED
    }

    /** How one thing is, without its name. */
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

        static Seen away(String message) {
            return new Seen(Result.FAILED, message, ExitCode.UPSTREAM_UNAVAILABLE);
        }

        static Seen skipped(String message) {
            return new Seen(Result.SKIPPED, message, null);
        }
    }
}

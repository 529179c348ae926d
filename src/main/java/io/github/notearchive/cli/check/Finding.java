package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ExitCode;
import org.jspecify.annotations.Nullable;

/**
 * Result of a check.
 *
 * @param message result and remedy
 * @param exitCode exit code if the check failed; otherwise null
 */
record Finding(
        String name,
        Result result,
        String message,
        @Nullable ExitCode exitCode) {

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

    Finding named(String check) {
        return new Finding(check, result, message, exitCode);
    }

    static Finding ok(String message) {
        return new Finding("", Result.OK, message, null);
    }

    static Finding warning(String message) {
        return new Finding("", Result.WARNING, message, null);
    }

    static Finding failed(ExitCode exitCode, String message) {
        return new Finding("", Result.FAILED, message, exitCode);
    }

    /** Returns the result of a check that fails until an operator acts. */
    static Finding wrong(String message) {
        return failed(ExitCode.USAGE, message);
    }

    static Finding unavailable(String message) {
        return failed(ExitCode.UPSTREAM_UNAVAILABLE, message);
    }

    static Finding skipped(String message) {
        return new Finding("", Result.SKIPPED, message, null);
    }
}

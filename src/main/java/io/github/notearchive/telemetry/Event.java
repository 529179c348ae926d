package io.github.notearchive.telemetry;

import io.github.notearchive.batch.ExitCode;
import java.util.Locale;

/** Event of a command that a webhook can receive. Messages and settings contain the name in lower case. */
public enum Event {
    /** An execution of a run started. */
    START,
    /** The command completed and no action is required: exit codes 0, 3. */
    SUCCESS,
    /** The command ended in order and left something to check: 6, 7. */
    ATTENTION,
    /** An operator has to act: 1, 2, 4, 8. */
    FAILURE,
    /** Another run of the node is active, and nothing was done: 5. */
    OVERLAP;

    static Event of(ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED, QUOTA_EXHAUSTED -> SUCCESS;
            case INCOMPLETE, INTERRUPTED, FINDINGS -> ATTENTION;
            case FAILED, USAGE, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, UPSTREAM_UNAVAILABLE -> FAILURE;
            case ALREADY_RUNNING -> OVERLAP;
        };
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.github.notearchive.telemetry.notify;

import io.github.notearchive.batch.ExitCode;
import java.util.Locale;

/** What somebody may want to be told of. The names, in lower case, stand in the messages. */
public enum Event {
    /** An execution of a run begins. */
    START,
    /** It did what it could and left nothing that a person should look at: 0, 3. */
    SUCCESS,
    /** It ended in order, but left something behind: 6, 7. */
    ATTENTION,
    /** Somebody has to do something: 1, 2, 4, 8. */
    FAILURE,
    /** Another run of the node is active, and nothing was done: 5. */
    OVERLAP;

    /** What the end of a command is. */
    static Event of(ExitCode exitCode) {
        return switch (exitCode) {
            case COMPLETED, QUOTA_EXHAUSTED -> SUCCESS;
            case INCOMPLETE, INTERRUPTED, FINDINGS -> ATTENTION;
            case FAILED, USAGE, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, UPSTREAM_UNAVAILABLE -> FAILURE;
            case ALREADY_RUNNING -> OVERLAP;
        };
    }

    String inWords() {
        return name().toLowerCase(Locale.ROOT);
    }
}

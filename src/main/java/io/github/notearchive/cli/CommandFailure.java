package io.github.notearchive.cli;

import io.github.notearchive.job.ExitCode;

/** A command that cannot do what it is asked: the exit code, and one message for the person at the terminal. */
final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;

    CommandFailure(ExitCode exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    ExitCode exitCode() {
        return exitCode;
    }
}

package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;

/** A command that cannot do what it is asked: the exit code, and one message for the person at the terminal. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;

    public CommandFailure(ExitCode exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}

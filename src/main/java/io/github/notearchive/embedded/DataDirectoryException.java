package io.github.notearchive.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The data directory, or a server over it, cannot be used. The message is for the operator: which directory, what is
 * wrong with it, and what to do.
 */
public final class DataDirectoryException extends RuntimeException {

    private final boolean isDiskFull;

    DataDirectoryException(String message) {
        this(message, null);
    }

    DataDirectoryException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    DataDirectoryException(String message, @Nullable Throwable cause, boolean isDiskFull) {
        super(message, cause);
        this.isDiskFull = isDiskFull;
    }

    /** Whether the file system is full, so that the same command succeeds when it is not. */
    public boolean isDiskFull() {
        return isDiskFull;
    }
}

package io.github.notearchive.embedded;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The data directory, or a server over it, cannot be used. The message is for the operator: which directory, what is
 * wrong with it, and what to do.
 */
public final class DataDirectoryException extends RuntimeException {

    private final boolean isDiskFull;

    DataDirectoryException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    DataDirectoryException(String message, @Nullable Throwable cause, boolean isDiskFull) {
        super(message, cause);
        this.isDiskFull = isDiskFull;
    }

    static DataDirectoryException of(Path directory, String problem, @Nullable Throwable cause) {
        return new DataDirectoryException("Data directory " + directory + ": " + problem, cause);
    }

    static DataDirectoryException diskFull(Path directory, String problem, @Nullable Throwable cause) {
        return new DataDirectoryException("Data directory " + directory + ": " + problem, cause, true);
    }

    /** Returns whether the file system is full, so that the same command succeeds when it is not. */
    public boolean isDiskFull() {
        return isDiskFull;
    }
}

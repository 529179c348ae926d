package io.github.notearchive.embedded;

import org.jspecify.annotations.Nullable;

/**
 * The data directory, or a server over it, cannot be used. The message is for the operator: which
 * directory, what is wrong with it, and what to do.
 */
public final class DataDirectoryException extends RuntimeException {

    DataDirectoryException(String message) {
        super(message);
    }

    DataDirectoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

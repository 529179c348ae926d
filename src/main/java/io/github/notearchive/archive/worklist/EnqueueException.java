package io.github.notearchive.archive.worklist;

import org.jspecify.annotations.Nullable;

/** A list of ids that cannot be read as what it is said to be. Nothing of it was enqueued. */
public final class EnqueueException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EnqueueException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

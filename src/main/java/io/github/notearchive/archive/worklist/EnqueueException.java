package io.github.notearchive.archive.worklist;

import org.jspecify.annotations.Nullable;

/** Thrown if the input of {@code enqueue} cannot be read in the stated format. Nothing was enqueued. */
public final class EnqueueException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EnqueueException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

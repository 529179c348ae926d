package io.github.notearchive.objectstore;

import org.jspecify.annotations.Nullable;

/**
 * The store did not do what it was asked for. The message names endpoint, bucket, key, the store's
 * code and what to do, and no secret.
 */
public final class StoreException extends RuntimeException {

    private final boolean unreachable;
    private final String code;

    private StoreException(
            boolean unreachable, String code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.unreachable = unreachable;
        this.code = code;
    }

    static StoreException unreachable(String code, String message, @Nullable Throwable cause) {
        return new StoreException(true, code, message, cause);
    }

    static StoreException refused(String code, String message) {
        return new StoreException(false, code, message, null);
    }

    /** Whether waiting helps: no connection, no answer in time, a store that is down or busy. */
    public boolean unreachable() {
        return unreachable;
    }

    /** Whether someone has to act: wrong account, missing right, missing bucket, wrong bytes. */
    public boolean refused() {
        return !unreachable;
    }

    /** The store's error code, such as {@code AccessDenied}; for a fault before any, its name. */
    public String code() {
        return code;
    }
}

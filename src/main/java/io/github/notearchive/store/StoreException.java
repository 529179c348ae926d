package io.github.notearchive.store;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The store did not do what it was asked for. The message names endpoint, bucket, key, the store's code and what to do,
 * and no secret.
 */
public final class StoreException extends RuntimeException {

    /** What a store says of an object that is not there. */
    static final Set<String> ABSENT = Set.of("NoSuchKey", "NoSuchObject", "NotFound");

    /** What a store says of the account or the bucket, and not of one object. */
    private static final Set<String> ACCOUNT_TROUBLE = Set.of(
            "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "RequestTimeTooSkewed");

    private final boolean unreachable;
    private final String code;

    private StoreException(boolean unreachable, String code, String message, @Nullable Throwable cause) {
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

    /** Whether the store says in so many words that there is no such object. */
    public boolean absent() {
        return !unreachable && ABSENT.contains(code);
    }

    /** Whether it is about the account or the bucket, so that every other object would fare alike. */
    public boolean ofTheAccount() {
        return ACCOUNT_TROUBLE.contains(code);
    }

    /** The store's error code, such as {@code AccessDenied}; for a fault before any, its name. */
    public String code() {
        return code;
    }
}

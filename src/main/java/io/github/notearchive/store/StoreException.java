package io.github.notearchive.store;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Failure of a request to the store. The message names endpoint, bucket, key, error code and remedy, and no secret. */
public final class StoreException extends RuntimeException {

    /** Error codes for an object that does not exist. */
    static final Set<String> NOT_FOUND = Set.of("NoSuchKey", "NoSuchObject", "NotFound");

    /** Error codes of stores that reject a header of an upload that they do not support. */
    static final Set<String> HEADER_REJECTED = Set.of("InvalidArgument", "InvalidRequest", "NotImplemented");

    /** The store confirmed an upload but holds other bytes. */
    static final String WRONG_BYTES = "WrongBytes";

    private static final Set<String> ACCOUNT_ERRORS = Set.of(
            "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "RequestTimeTooSkewed");

    private final boolean unreachable;
    private final String code;

    /** @param cause exception of the network; null for a response of the store */
    StoreException(boolean unreachable, String code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.unreachable = unreachable;
        this.code = code;
    }

    /** Returns whether the failure is temporary: no connection, a timeout, or a store that is down or busy. */
    public boolean unreachable() {
        return unreachable;
    }

    /** Returns whether an operator has to act: wrong account, missing right, missing bucket, wrong bytes. */
    public boolean refused() {
        return !unreachable;
    }

    /** Returns whether the store reported that the object does not exist. */
    public boolean absent() {
        return !unreachable && NOT_FOUND.contains(code);
    }

    /** Returns whether a conditional upload may have failed for its condition only. */
    boolean mayBeOfTheCondition() {
        return absent() || HEADER_REJECTED.contains(code) || code.matches("PreconditionFailed|HTTP 412");
    }

    /** Returns whether the failure concerns the account or the bucket, and therefore every object. */
    public boolean ofTheAccount() {
        return ACCOUNT_ERRORS.contains(code);
    }

    /** Returns the store's error code; without a response, the name of the exception. */
    public String code() {
        return code;
    }
}

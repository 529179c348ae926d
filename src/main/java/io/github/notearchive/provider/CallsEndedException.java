package io.github.notearchive.provider;

/**
 * No more calls are made in this run: the quota is met, someone stopped it, or an account is blocked. Nothing was sent.
 */
public final class CallsEndedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CallsEndedException(String message) {
        super(message);
    }
}

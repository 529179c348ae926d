package io.github.notearchive.provider;

/** Calls have ended for this run: the quota is used up, the run was stopped, or the account is blocked. */
public final class CallsEndedException extends RuntimeException {

    CallsEndedException(String message) {
        super(message);
    }
}

package io.github.notearchive.batch;

import io.github.notearchive.note.ProviderCode;
import java.util.Arrays;

/**
 * Result of a command: exit code of the process, and name in the job repository.
 *
 * <p>Scripts rely on the numbers and reports on the names; both are a stable contract.
 */
public enum ExitCode {
    /** Every due note was processed, or no note was due. No further run is needed. */
    COMPLETED(0),
    /** Unexpected error. Read the log; the next run restarts. */
    FAILED(1),
    /**
     * Invalid usage, configuration or credentials. Nothing was bought if no execution was started; the database may
     * also revoke a privilege during one.
     */
    USAGE(2),
    /** Code 303, or the configured nightly limit. Remaining notes stay due; run again after the reset. */
    QUOTA_EXHAUSTED(3),
    /** Code 100: the token is invalid or not activated. */
    BLOCKED_TOKEN(4),
    /** Code 600: the account may not use this endpoint. */
    BLOCKED_PERMISSION(4),
    /** Code 601 or 602: the balance of the account, or the limit of the token, is used up. */
    BLOCKED_BALANCE(4),
    /** Another run of this node is active. Nothing was done. */
    ALREADY_RUNNING(5),
    /** All due notes were processed, but some were postponed to a later night, or failed. */
    INCOMPLETE(6),
    /** An audit found something missing, damaged or orphaned. */
    FINDINGS(6),
    /** A signal, {@code --limit} or the time box. No data is lost; run again. */
    INTERRUPTED(7),
    /** Provider, CDN, database or store is unavailable. Run again later. */
    UPSTREAM_UNAVAILABLE(8);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    /** Returns the exit code of the process. */
    public int number() {
        return number;
    }

    /** Describes the next action of the operator after a run with this result. */
    public String next() {
        return switch (this) {
            case COMPLETED -> "no action required until notes are due again";
            case FAILED -> "read the log; the next run resumes this one";
            case USAGE -> "correct the configuration, then run again; the same command resumes this run";
            case QUOTA_EXHAUSTED -> "run again after 00:00 in Shanghai; the same command resumes this run";
            case BLOCKED_TOKEN -> "renew or activate the token, then run again";
            case BLOCKED_PERMISSION -> "have the endpoint enabled for this token, then run again";
            case BLOCKED_BALANCE -> "top up the account or raise the token's limit, then run again";
            case ALREADY_RUNNING -> "no action required; the other run continues";
            case FINDINGS -> "not a result of a run; see verify";
            case INCOMPLETE -> "status lists the open notes; the next night's run retries them";
            case INTERRUPTED -> "run again; the same command resumes this run";
            case UPSTREAM_UNAVAILABLE -> "run again when the server is available; the same command resumes this run";
        };
    }

    /** Describes the next action of the operator after a run that ended before an execution was started. */
    public String nextIfNotStarted() {
        return switch (this) {
            case FAILED -> "read the log, then run again";
            case USAGE -> "correct the configuration, then run again; nothing was bought";
            case QUOTA_EXHAUSTED -> "run again after 00:00 in Shanghai";
            case INTERRUPTED -> "run again";
            case UPSTREAM_UNAVAILABLE -> "run again when the server is available";
            case COMPLETED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, ALREADY_RUNNING, FINDINGS, INCOMPLETE ->
                next();
        };
    }

    /**
     * Returns whether a run with this result ended in order: it finished by itself, or was asked to stop. Remaining
     * notes stay due for another night.
     */
    public boolean isOrderly() {
        return switch (this) {
            case COMPLETED, QUOTA_EXHAUSTED, INCOMPLETE, INTERRUPTED -> true;
            case FAILED,
                    USAGE,
                    BLOCKED_TOKEN,
                    BLOCKED_PERMISSION,
                    BLOCKED_BALANCE,
                    ALREADY_RUNNING,
                    FINDINGS,
                    UPSTREAM_UNAVAILABLE -> false;
        };
    }

    /** Returns the result of a run whose account was refused by the provider, by the provider's code. */
    public static ExitCode blockedBy(int code) {
        return switch (ProviderCode.of(code).orElse(ProviderCode.TOKEN_INVALID)) {
            case PERMISSION_DENIED -> BLOCKED_PERMISSION;
            case BALANCE_EXHAUSTED, SPEND_LIMIT -> BLOCKED_BALANCE;
            default -> BLOCKED_TOKEN;
        };
    }

    /** Returns the code of a name in the job repository; {@link #FAILED} for an unknown name. */
    public static ExitCode named(String name) {
        return Arrays.stream(values())
                .filter(code -> code.name().equals(name))
                .findFirst()
                .orElse(FAILED);
    }
}

package io.github.notearchive.batch;

import io.github.notearchive.note.ProviderCode;
import java.util.Arrays;

/**
 * How a command ended: the process's exit code, and the name that stands in the job repository.
 *
 * <p>Scripts rely on the numbers and reports on the names; both are part of the contract with the operator.
 */
public enum ExitCode {
    /** Every note that was due reached its end, or nothing was due. No need to run again. */
    COMPLETED(0),
    /** Something unforeseen. Read the log; the next run restarts. */
    FAILED(1),
    /**
     * Usage or configuration is wrong, or credentials were refused. Nothing was bought when no execution began; the
     * database may also revoke a privilege during one.
     */
    USAGE(2),
    /** Code 303, or our own nightly limit. The rest stays due; run again after the reset. */
    QUOTA_EXHAUSTED(3),
    /** Code 100: the token is invalid or not activated. */
    BLOCKED_TOKEN(4),
    /** Code 600: the account may not use this endpoint. */
    BLOCKED_PERMISSION(4),
    /** Code 601 or 602: the account's balance, or the token's own limit, is used up. */
    BLOCKED_BALANCE(4),
    /** Another run of this node is active. Nothing was done. */
    ALREADY_RUNNING(5),
    /** All that could be done tonight is done, but notes were put off to a later night, or failed. */
    INCOMPLETE(6),
    /** An audit found something missing, damaged or orphaned. */
    FINDINGS(6),
    /** A signal, {@code --limit} or the time box. Nothing is lost; run again. */
    INTERRUPTED(7),
    /** Provider, CDN, database or store is out of reach. Run again later. */
    UPSTREAM_UNAVAILABLE(8);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    /** What the process returns. */
    public int number() {
        return number;
    }

    /** What to do after a run that ended so, for the person in charge. */
    public String next() {
        return switch (this) {
            case COMPLETED -> "nothing to do until notes are due again";
            case FAILED -> "read the log; the next run continues where this one ended";
            case USAGE -> "put the configuration right, then run again; the same command continues this run";
            case QUOTA_EXHAUSTED -> "run again after 00:00 in Shanghai; the same command continues this run";
            case BLOCKED_TOKEN -> "renew or activate the token, then run again";
            case BLOCKED_PERMISSION -> "have the endpoint enabled for this token, then run again";
            case BLOCKED_BALANCE -> "top up the account or raise the token's limit, then run again";
            case ALREADY_RUNNING -> "nothing; the other run goes on";
            case FINDINGS -> "no run ends so; verify does";
            case INCOMPLETE -> "status names the notes that are left; the next night's run asks again";
            case INTERRUPTED -> "run again; the same command continues this run";
            case UPSTREAM_UNAVAILABLE -> "run again when the server is back; the same command continues this run";
        };
    }

    /** What to do after a run that ended so before it began: there is nothing to continue. */
    public String nextUnbegun() {
        return switch (this) {
            case FAILED -> "read the log, then run again";
            case USAGE -> "put the configuration right, then run again; nothing was bought";
            case QUOTA_EXHAUSTED -> "run again after 00:00 in Shanghai";
            case INTERRUPTED -> "run again";
            case UPSTREAM_UNAVAILABLE -> "run again when the server is back";
            case COMPLETED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, ALREADY_RUNNING, FINDINGS, INCOMPLETE ->
                next();
        };
    }

    /**
     * Whether a run that ended so did what it could, and came to its end by itself or because it was asked to. What it
     * left is due, and waits for another night.
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

    /** How a run ends that the provider refused the account in, by the provider's code. */
    public static ExitCode blockedBy(int code) {
        return switch (ProviderCode.of(code).orElse(ProviderCode.TOKEN_INVALID)) {
            case PERMISSION_DENIED -> BLOCKED_PERMISSION;
            case BALANCE_EXHAUSTED, SPEND_LIMIT -> BLOCKED_BALANCE;
            default -> BLOCKED_TOKEN;
        };
    }

    /** The code of a name in the job repository; {@link #FAILED} for one that is not ours. */
    public static ExitCode named(String name) {
        return Arrays.stream(values())
                .filter(code -> code.name().equals(name))
                .findFirst()
                .orElse(FAILED);
    }
}

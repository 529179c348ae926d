package io.github.notearchive.batch;

import io.github.notearchive.note.ProviderCode;
import java.util.Arrays;

/** Result of a command: exit code of the process, and name in the job repository. Both are a stable contract. */
public enum ExitCode {
    /** Every due note was processed, or no note was due. */
    COMPLETED(0, "no further run is needed until notes are due again"),
    /** Unexpected error. */
    FAILED(1, "read the log", "; the next run resumes this one", ", then run again"),
    /** Invalid usage, configuration or credentials; during an execution, a revoked privilege of the database. */
    USAGE(2, "correct the configuration, then run again", ExitCode.RESUMES, "; nothing was bought"),
    /** Code 303, or the configured nightly limit. Remaining notes stay due. */
    QUOTA_EXHAUSTED(3, "run again after 00:00 Shanghai", ExitCode.RESUMES, ""),
    /** Code 100: the token is invalid or not activated. */
    BLOCKED_TOKEN(4, "renew or activate the token, then run again"),
    /** Code 600: the account may not use this endpoint. */
    BLOCKED_PERMISSION(4, "have the endpoint enabled for this token, then run again"),
    /** Code 601 or 602: the balance of the account, or the limit of the token, is used up. */
    BLOCKED_BALANCE(4, "top up the account or raise the token's limit, then run again"),
    /** Another run of this node is active. Nothing was done. */
    ALREADY_RUNNING(5, "no action required; the other run continues"),
    /** All due notes were processed, but some were postponed to a later night, or failed. */
    INCOMPLETE(6, "a later run retries postponed notes; failed ones need a decision: note-archive status --verbose"),
    /** An audit found something missing, damaged or orphaned. */
    FINDINGS(6, "not a result of a run; see verify"),
    /** A signal, {@code --limit} or the time box. */
    INTERRUPTED(7, "run again", ExitCode.RESUMES, ""),
    /** Provider, CDN, database or store is unavailable. */
    UPSTREAM_UNAVAILABLE(8, "run again when the server is available", ExitCode.RESUMES, "");

    private static final String RESUMES = "; the same command resumes this run";

    private final int number;
    private final String next;
    private final String nextIfNotStarted;

    ExitCode(int number, String next) {
        this(number, next, "", "");
    }

    ExitCode(int number, String next, String ifStarted, String ifNotStarted) {
        this.number = number;
        this.next = next + ifStarted;
        this.nextIfNotStarted = next + ifNotStarted;
    }

    public int number() {
        return number;
    }

    /** Returns name and number for display, such as {@code COMPLETED (exit 0)}. */
    public String label() {
        return name() + " (exit " + number + ")";
    }

    /** Describes the next action of the operator after a run with this result that started an execution. */
    public String next() {
        return next;
    }

    /** Describes the next action of the operator after a run without an execution. */
    public String nextIfNotStarted() {
        return nextIfNotStarted;
    }

    /** Returns whether a run with this result finished by itself, or was asked to stop. */
    public boolean isOrderly() {
        return this == COMPLETED || this == QUOTA_EXHAUSTED || this == INCOMPLETE || this == INTERRUPTED;
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

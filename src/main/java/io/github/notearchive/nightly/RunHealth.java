package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;

/** Detects outages from responses and downloads, and stops the run for quotas, blocked accounts and outages. */
class RunHealth {

    /** Longer than the attempts to write a response, which precede the closing of the gate. */
    private static final Duration GATE_FOLLOWS = Duration.ofMinutes(2);

    private final RunStopper gate;
    private final QuotaHolds quotaHolds;
    private final RunState run;
    private final CallLedger ledger;
    private final JustOneApiClient provider;

    RunHealth(RunStopper gate, QuotaHolds quotaHolds, RunState run, CallLedger ledger, JustOneApiClient provider) {
        this.gate = gate;
        this.quotaHolds = quotaHolds;
        this.run = run;
        this.ledger = ledger;
        this.provider = provider;
    }

    /** Returns whether no more notes are started. */
    boolean isRunEnding() {
        return gate.isClosed();
    }

    /**
     * Stops the run because no further call is possible.
     *
     * @param occasion prefix of the reason for calls other than note fetches
     * @return the reason
     */
    String stop(Exhausted exhausted, String occasion) {
        String reason = occasion + exhausted.quota() + " is used up until " + Night.local(exhausted.until());
        if (exhausted.whose() == Exhausted.Whose.PROVIDER) {
            quotaHolds.close(
                    ProviderCode.DAILY_QUOTA.number(),
                    occasion + exhausted.quota(),
                    exhausted.until(),
                    run.jobExecutionId());
            gate.close(ExitCode.QUOTA_EXHAUSTED, reason);
        } else {
            gate.closeAtOwnLimit(reason);
        }
        return reason;
    }

    /** Stops the run because the account is blocked until an operator acts; returns the reason. */
    String stop(Blocked blocked, String occasion) {
        String reason = occasion + blocked.reply();
        Integer code = blocked.reply().code();
        gate.close(ExitCode.blockedBy(code == null ? 0 : code), reason);
        return reason;
    }

    /** See {@link RunState#continuesAfter}. */
    boolean continuesAfter(RuntimeException databaseFailure) {
        return run.continuesAfter(databaseFailure);
    }

    /** Records an error of the provider and returns whether it is an outage, which stops the run. */
    boolean isOutage(ProviderReply reply, Deferred.Cause cause) {
        OutageDetector health = run.provider();
        boolean outage = switch (cause) {
            case NOT_COLLECTED, NOT_RESET -> false;
            case FAULT -> health.fails();
            case THROTTLED -> health.struggles();
        };
        if (outage) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE, "the provider has only returned errors for a while, last " + reply);
        }
        return outage;
    }

    /**
     * Records the result of the media hosts, and stops the run during an outage.
     *
     * <p>URLs of an earlier night may have expired, but those of tonight are valid: hosts that serve none of them for
     * many notes in a row have failed or block this node. Files that were already dead by the response of an earlier
     * night do not count: a note whose response is bought again requests only such files.
     */
    void watchHosts(CollectionResult collected) {
        if (collected.served()) {
            run.cdn().works();
            return;
        }
        boolean isRefused =
                collected.dead() && ledger.isRecent(collected.files().capture());
        if ((collected.faulty() || isRefused) && run.cdn().fails()) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the media hosts have only returned errors for a while, last " + collected.detail());
        }
    }

    /** Returns whether the run makes no calls and is not stopping. */
    boolean isWithoutCalls() {
        return run.withoutCalls().isPresent() && !gate.isClosed();
    }

    /**
     * Stops the run after its calls have ended: the worker that received the final response may not have been able to,
     * since the database was unavailable. Without such a response it waits for the gate, which closes shortly after the
     * calls have ended.
     */
    void awaitEnd(CallsEndedException e) {
        if (isWithoutCalls() || gate.isClosed()) {
            return;
        }
        switch (provider.ending().orElse(null)) {
            case Exhausted exhausted -> {
                String _ = stop(exhausted, "");
                return;
            }
            case Blocked blocked -> {
                String _ = stop(blocked, "");
                return;
            }
            case null, default -> {}
        }
        try {
            if (!gate.awaitClosed(GATE_FOLLOWS)) {
                gate.close(ExitCode.FAILED, "calls ended without a reason: " + e.getMessage());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

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
import org.springframework.stereotype.Component;

/** What answers and files say of the run as a whole, and when it ends for that. */
@Component
class RunHealth {

    /** Longer than a response is tried to be written, which comes before the gate closes. */
    private static final Duration GATE_FOLLOWS = Duration.ofMinutes(2);

    private final RunStopper gate;
    private final QuotaHolds quotaHolds;
    private final ActiveRuns runs;
    private final CallLedger ledger;
    private final JustOneApiClient provider;

    RunHealth(RunStopper gate, QuotaHolds quotaHolds, ActiveRuns runs, CallLedger ledger, JustOneApiClient provider) {
        this.gate = gate;
        this.quotaHolds = quotaHolds;
        this.runs = runs;
        this.ledger = ledger;
        this.provider = provider;
    }

    /** Whether nothing more is to be taken up. */
    boolean isRunEnding() {
        return gate.isClosed();
    }

    /**
     * Ends the run, since no call is possible any more.
     *
     * @param occasion what was asked for, where it was not a note itself
     * @return why
     */
    String stop(Exhausted exhausted, String occasion) {
        String reason = occasion + exhausted.quota() + " is used up until " + Night.local(exhausted.until());
        if (exhausted.whose() == Exhausted.Whose.PROVIDER) {
            quotaHolds.close(
                    ProviderCode.DAILY_QUOTA.number(),
                    occasion + exhausted.quota(),
                    exhausted.until(),
                    runs.current().jobExecutionId());
            gate.close(ExitCode.QUOTA_EXHAUSTED, reason);
        } else {
            gate.closeAtOwnLimit(reason);
        }
        return reason;
    }

    /** The same, since nobody may call until somebody acts. */
    String stop(Blocked blocked, String occasion) {
        String reason = occasion + blocked.reply();
        Integer code = blocked.reply().code();
        gate.close(ExitCode.blockedBy(code == null ? 0 : code), reason);
        return reason;
    }

    /** See {@link RunState#outlives}. */
    boolean continuesAfter(RuntimeException databaseFailure) {
        return runs.current().continuesAfter(databaseFailure);
    }

    /** Notes how the provider fares, and ends the run when it has not fared well for long. */
    boolean isOutage(ProviderReply reply, Deferred.Cause cause) {
        OutageDetector health = runs.current().provider();
        boolean outage = switch (cause) {
            case COLLECTION, NOT_RESET -> false;
            case FAULT -> health.fails();
            case THROTTLED -> health.struggles();
        };
        if (outage) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the provider has given nothing but trouble for a while, at last " + reply);
        }
        return outage;
    }

    /**
     * Notes how the media hosts fare, and ends the run when they have not fared well for long.
     *
     * <p>Addresses of an earlier night may have expired. Those of tonight's answers are good, so hosts that serve none
     * of them, note after note, are in trouble or refuse us. A file that an earlier night's answer had dead already
     * says nothing of the hosts: of a note that is bought again only such files are asked for, so nothing may be served
     * of many in a row.
     */
    void watchHosts(CollectionResult collected) {
        if (collected.served()) {
            runs.current().cdn().works();
            return;
        }
        boolean isRefused =
                collected.dead() && ledger.isRecent(collected.files().capture());
        if ((collected.faulty() || isRefused) && runs.current().cdn().fails()) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the media hosts have given nothing but trouble for a while, at last " + collected.detail());
        }
    }

    /** Whether the run makes no call and is not ending. */
    boolean isWithoutCalls() {
        return runs.current().withoutCalls().isPresent() && !gate.isClosed();
    }

    /**
     * Ends the run for what ended its calls: the worker that received that response may not have been able to, since
     * the database was unavailable. Without such a response it waits for the gate, which closes a moment after calls
     * have ended.
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

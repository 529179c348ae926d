package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderReply;
import java.time.Duration;

/**
 * Fetches claimed notes, detects outages from responses and downloads, and stops the run for quotas, blocked accounts
 * and outages.
 */
record NoteFetcher(CallLedger ledger, JustOneApiClient provider, QuotaHolds quotaHolds, RunState run) {

    /** Reason of a note that was not fetched. */
    static final String CLAIM_LOST = "its claim was lost while it waited for the rate limit";

    /** Longer than the attempts to write a response, which precede the closing of the gate. */
    private static final Duration GATE_FOLLOWS = Duration.ofMinutes(2);

    FetchOutcome detail(NewNote note) throws InterruptedException {
        return fetch(() -> ledger.fetch(request(note)));
    }

    FetchOutcome video(NewNote note, NoteCapture capture) throws InterruptedException {
        return fetch(() -> ledger.fetchVideo(request(note), capture));
    }

    /** Fetches a note again; responses from before the night are not used. */
    FetchOutcome refresh(RefreshNote note) throws InterruptedException {
        return fetch(() -> ledger.refresh(request(note), note.due().begins()));
    }

    private static FetchRequest request(WorkItem item) {
        WorklistItem claimed = item.claimed();
        return new FetchRequest(claimed.id(), claimed.claim(), claimed.settledAt());
    }

    private interface Request {
        FetchOutcome send() throws InterruptedException;
    }

    /** Fetches, and records a success of the provider unless the response came from the ledger. */
    private FetchOutcome fetch(Request request) throws InterruptedException {
        long before = System.nanoTime();
        FetchOutcome outcome = request.send();
        boolean isFault = outcome instanceof FetchOutcome.Deferred(var _, var cause)
                && cause == FetchOutcome.Deferred.Cause.FAULT;
        // earlier calls may have succeeded while this one failed
        if (!isFault && provider.hasAnsweredSince(before)) {
            run.provider.works();
        }
        return outcome;
    }

    /**
     * Stops the run because no further call is possible; returns the reason.
     *
     * @param occasion prefix of the reason for calls other than note fetches
     */
    String stop(FetchOutcome.Exhausted exhausted, String occasion) {
        String quota = occasion + exhausted.quota();
        String reason = occasion + exhausted.reason();
        if (exhausted.limit() == null) {
            quotaHolds.close(ProviderCode.DAILY_QUOTA.number(), quota, exhausted.until(), run.jobExecutionId());
            run.stopper.close(ExitCode.QUOTA_EXHAUSTED, reason);
        } else {
            run.stopper.closeAtOwnLimit(reason);
        }
        return reason;
    }

    /** Stops the run because the account is blocked until an operator acts; returns the reason. */
    String stop(FetchOutcome.Blocked blocked, String occasion) {
        String reason = occasion + blocked.reply();
        Integer code = blocked.reply().code();
        run.stopper.close(ExitCode.blockedBy(code == null ? 0 : code), reason);
        return reason;
    }

    /** Records an error of the provider and returns whether it is an outage, which stops the run. */
    boolean isOutage(ProviderReply reply, FetchOutcome.Deferred.Cause cause) {
        boolean outage = switch (cause) {
            case NOT_COLLECTED, NOT_RESET -> false;
            case FAULT -> run.provider.fails();
            case THROTTLED -> run.provider.struggles();
        };
        if (outage) {
            stopForErrorsOf("the provider has", String.valueOf(reply));
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
    void watchHosts(CollectedMedia collected) {
        if (collected.served()) {
            run.cdn.works();
            return;
        }
        boolean isRefused = collected.dead() && ledger.isRecent(collected.capture());
        if ((collected.retrySoon() || isRefused) && run.cdn.fails()) {
            stopForErrorsOf("the media hosts have", collected.detail());
        }
    }

    private void stopForErrorsOf(String server, String last) {
        run.stopper.close(ExitCode.UPSTREAM_UNAVAILABLE, server + " only returned errors for a while, last " + last);
    }

    /** Returns whether the run makes no calls and is not stopping. */
    boolean isWithoutCalls() {
        return run.withoutCalls().isPresent() && !run.stopper.isClosed();
    }

    /**
     * Stops the run after its calls have ended: the worker that received the final response may not have been able to,
     * since the database was unavailable. Without such a response it waits for the gate, which closes shortly after the
     * calls have ended; otherwise the note would be claimed again.
     */
    void awaitEnd(CallsEndedException e) {
        if (isWithoutCalls() || run.stopper.isClosed()) {
            return;
        }
        switch (provider.ending().orElse(null)) {
            case FetchOutcome.Exhausted exhausted -> {
                String _ = stop(exhausted, "");
            }
            case FetchOutcome.Blocked blocked -> {
                String _ = stop(blocked, "");
            }
            case null, default -> awaitGate(e);
        }
    }

    private void awaitGate(CallsEndedException e) {
        try {
            if (!run.stopper.awaitClosed(GATE_FOLLOWS)) {
                run.stopper.close(ExitCode.FAILED, "calls ended without a reason: " + e.getMessage());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

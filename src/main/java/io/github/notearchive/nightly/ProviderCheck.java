package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderPing;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Checks whether a run may and can call the provider tonight. */
final class ProviderCheck {

    /** Tolerated clock difference; the provider's time has whole seconds. */
    private static final Duration TOLERANCE = Duration.ofSeconds(2);

    private final QuotaHolds quotaHolds;
    private final CallRepository calls;
    private final WorklistRepository usable;
    private final ClaimRepository claims;
    private final ProviderPing ping;
    private final JustOneApiClient provider;
    private final RunState run;

    ProviderCheck(
            QuotaHolds quotaHolds,
            CallRepository calls,
            WorklistRepository usable,
            ClaimRepository claims,
            ProviderPing ping,
            JustOneApiClient provider,
            RunState run) {
        this.quotaHolds = quotaHolds;
        this.calls = calls;
        this.usable = usable;
        this.claims = claims;
        this.ping = ping;
        this.provider = provider;
        this.run = run;
    }

    /** Returns why no call is allowed, and marks the notes with a usable response then. */
    Optional<StopReason> withoutCalls() {
        Night tonight = run.tonight();
        Optional<StopReason> noCalls = StartRefusals.closedGate(quotaHolds.current())
                .filter(_ -> !run.options.force())
                .or(() -> StartRefusals.usedUpCalls(run.settings.callLimits(), calls.count(tonight), tonight));
        noCalls.ifPresent(_ -> usable.markHeld(run.now()));
        return noCalls;
    }

    /** Returns whether a due note has a usable response, so that a run without calls can process it. */
    boolean isAnyDueWithoutCall() {
        return claims.pendingWork(run.node(), Lanes.HELD).isDue(run.now());
    }

    /** Sends a request that costs nothing, and compares the clocks. */
    void ping() throws IOException {
        Instant sentAt = run.now();
        ping.send().ahead(sentAt, run.now()).ifPresent(this::compareClocks);
    }

    private void compareClocks(Duration ahead) {
        if (ahead.abs().compareTo(TOLERANCE) > 0) {
            RunState.log.warn(
                    "The clock of this machine is {} s {} the provider's; synchronize it (NTP), nights and quotas "
                            + "depend on it",
                    ahead.abs().toSeconds(),
                    ahead.isNegative() ? "ahead of" : "behind");
        }
        provider.providersClockIsAhead(ahead);
    }
}

package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.ProviderPing;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Checks between acquiring the lock of the node and starting a run.
 *
 * <p>In this order: unfinished rebuild; bucket belongs to the database, since spooled responses are written only then;
 * crash recovery; gate of an earlier code 303; configured limits of the night; provider and store are reachable;
 * sidecars that are due; cleanup. A closed gate or a used-up limit of calls denies a run only if no due note has a
 * usable response.
 */
public final class StartChecks {

    /** Tolerated clock difference; the provider's time has whole seconds. */
    private static final Duration TOLERANCE = Duration.ofSeconds(2);

    private final JobExecutionQueries executions;
    private final RunRecovery recovery;
    private final QuotaHolds quotaHolds;
    private final CallRepository calls;
    private final NightlyBytes bytes;
    private final WorklistRepository usable;
    private final ClaimRepository claims;
    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final ProviderPing ping;
    private final JustOneApiClient provider;
    private final RunState run;

    StartChecks(
            JobExecutionQueries executions,
            RunRecovery recovery,
            QuotaHolds quotaHolds,
            CallRepository calls,
            NightlyBytes bytes,
            WorklistRepository usable,
            ClaimRepository claims,
            ObjectStore store,
            ArchiveRevision revision,
            ProviderPing ping,
            JustOneApiClient provider,
            RunState run) {
        this.executions = executions;
        this.recovery = recovery;
        this.quotaHolds = quotaHolds;
        this.calls = calls;
        this.bytes = bytes;
        this.usable = usable;
        this.claims = claims;
        this.store = store;
        this.revision = revision;
        this.ping = ping;
        this.provider = provider;
        this.run = run;
    }

    /**
     * Prepares the run, whose lock is held, and sets {@link RunState#withoutCalls}; returns why it must not start:
     * nothing was bought then, and no execution is written.
     */
    Optional<StopReason> refusal() {
        Optional<StopReason> refusal;
        try {
            refusal = check();
        } catch (StoreException | UncheckedIOException | IOException e) {
            // spooled responses that are not readable, credentials that the store refuses; or a server is unavailable
            boolean isUsage = e instanceof StoreException store ? store.refused() : e instanceof UncheckedIOException;
            ExitCode exitCode = isUsage ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE;
            refusal = Optional.of(new StopReason(exitCode, String.valueOf(e.getMessage())));
        }
        if (refusal.isEmpty()) {
            recovery.cleanUp();
        }
        return refusal;
    }

    private Optional<StopReason> check() throws IOException {
        Optional<StopReason> held = unfinishedRebuild(executions.isRebuildUnfinished())
                .or(() -> revision.difference().map(why -> new StopReason(ExitCode.USAGE, why)));
        if (held.isPresent()) {
            return held;
        }
        // before the gate is read: what closes it from now on also stops this run
        calls.stops().observeFromNow();
        recovery.recover(run.node());
        Night tonight = run.tonight();
        Optional<StopReason> noCalls = closedGate(quotaHolds.current())
                .filter(_ -> !run.options.force())
                .or(() -> usedUpCalls(run.settings.callLimits(), calls.count(tonight), tonight));
        noCalls.ifPresent(_ -> usable.markHeld(run.now()));
        Optional<StopReason> limit = noCalls.filter(
                        _ -> !claims.pendingWork(run.node(), Lanes.HELD).isDue(run.now()))
                .or(bytes::refusal);
        if (limit.isPresent()) {
            return limit;
        }
        store.ensureBucket();
        store.requireWritable();
        recovery.writeDueSidecars(); // before their notes are claimed
        revision.advance();
        if (noCalls.isEmpty()) {
            Instant sentAt = run.now();
            ping.send().ahead(sentAt, run.now()).ifPresent(this::compareClocks);
        }
        run.withoutCalls = noCalls;
        return Optional.empty();
    }

    private void compareClocks(Duration ahead) {
        if (ahead.abs().compareTo(TOLERANCE) > 0) {
            RunState.log.warn(
                    "The clock of this machine is {} s {} the provider's; synchronize it (NTP), nights and quotas depend on it",
                    ahead.abs().toSeconds(),
                    ahead.isNegative() ? "ahead of" : "behind");
        }
        provider.providersClockIsAhead(ahead);
    }

    // reasons why a run does not start, or starts no more notes; a plan names them too

    public static Optional<StopReason> unfinishedRebuild(boolean isUnfinished) {
        String reason = "the tables are being rebuilt from the bucket, and that is not finished: "
                + "notes that are archived would be bought again. Finish it with note-archive rebuild";
        return Optional.of(new StopReason(ExitCode.USAGE, reason)).filter(_ -> isUnfinished);
    }

    public static Optional<StopReason> closedGate(Optional<QuotaHolds.Closed> closed) {
        return closed.map(gate -> {
            String met = "%s is used up since %s; no call before %s, unless run --force overrides this"
                    .formatted(gate.reason(), Night.local(gate.at()), Night.local(gate.until()));
            return new StopReason(ExitCode.QUOTA_EXHAUSTED, met);
        });
    }

    /** Refuses a run whose limit of calls, or of their cost, is used up. */
    public static Optional<StopReason> usedUpCalls(NightlyLimits limits, NightlyCalls made, Night tonight) {
        return limits.left(CallKind.NOTE, made) == 0
                ? Optional.of(usedUp(limits.reached(CallKind.NOTE, made), tonight))
                : Optional.empty();
    }

    /** Refuses a run whose limit of media bytes, stored tonight by all runs and nodes, is used up. */
    public static Optional<StopReason> usedUpBytes(NightlyLimitProperties limits, long stored, Night tonight) {
        long limit = limits.bytesPerNight().toBytes();
        return limit > 0 && stored >= limit
                ? Optional.of(usedUp(limits.bytesPerNightInWords() + " of media", tonight))
                : Optional.empty();
    }

    private static StopReason usedUp(String what, Night tonight) {
        String reason =
                "our own limit of " + what + " a night is used up; nothing more before " + Night.local(tonight.ends());
        return new StopReason(ExitCode.QUOTA_EXHAUSTED, reason);
    }

    /** As {@link RunRecovery#writeDueSidecars}. */
    void writeDueSidecars() {
        recovery.writeDueSidecars();
    }

    /** Returns whether an operator asked the framework to stop an execution. */
    boolean isStopRequested(long jobExecutionId) {
        return executions.isStopRequested(jobExecutionId);
    }
}

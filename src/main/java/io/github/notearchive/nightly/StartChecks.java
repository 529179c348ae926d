package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Checks between acquiring the lock of the node and starting a run.
 *
 * <p>In this order: unfinished rebuild; bucket belongs to the database, since spooled responses are written only then;
 * crash recovery; gate of an earlier code 303; configured limits of the night; provider and store are reachable;
 * sidecars that are due; cleanup. A closed gate or a used-up limit of calls denies a run only if no due note has a
 * usable response.
 */
final class StartChecks {

    private final BucketUpkeep bucket;
    private final RunRecovery recovery;
    private final CallRepository calls;
    private final ProviderCheck provider;
    private final NightlyBytes bytes;
    private final RunCleanup cleanup;
    private final RunState run;

    StartChecks(
            BucketUpkeep bucket,
            RunRecovery recovery,
            CallRepository calls,
            ProviderCheck provider,
            NightlyBytes bytes,
            RunCleanup cleanup,
            RunState run) {
        this.bucket = bucket;
        this.recovery = recovery;
        this.calls = calls;
        this.provider = provider;
        this.bytes = bytes;
        this.cleanup = cleanup;
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
            cleanup.cleanUp();
        }
        return refusal;
    }

    private Optional<StopReason> check() throws IOException {
        Optional<StopReason> held = bucket.refusal();
        if (held.isPresent()) {
            return held;
        }
        // before the gate is read: what closes it from now on also stops this run
        calls.stops().observeFromNow();
        recovery.recover(run.node());
        Optional<StopReason> noCalls = provider.withoutCalls();
        Optional<StopReason> limit =
                noCalls.filter(_ -> !provider.isAnyDueWithoutCall()).or(bytes::refusal);
        if (limit.isPresent()) {
            return limit;
        }
        bucket.prepare();
        if (noCalls.isEmpty()) {
            provider.ping();
        }
        run.withoutCalls = noCalls;
        return Optional.empty();
    }
}

package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.ProviderPing;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks between acquiring the lock of the node and starting a run.
 *
 * <p>In this order: unfinished rebuild; bucket belongs to the database, since spooled responses are written only then;
 * crash recovery; gate of an earlier code 303; configured limits of the night; provider and store are reachable;
 * cleanup. A closed gate or a used-up limit of calls denies a run only if no due note has a usable response.
 */
record StartChecks(
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

    /** Tolerated clock difference; the provider's time has whole seconds. */
    private static final Duration TOLERANCE = Duration.ofSeconds(2);

    /** Decision whether a run may start. */
    sealed interface Decision {

        /**
         * The run may start.
         *
         * @param made calls of that night, by all runs and nodes
         * @param withoutCalls why the run makes no calls and only processes notes with a usable response; null if it
         *     makes calls
         */
        record Granted(
                Night tonight, NightlyCalls made, @Nullable StartRefusal withoutCalls) implements Decision {}

        /** The run must not start; nothing was bought, and no execution is written. */
        record Denied(StartRefusal refusal) implements Decision {}
    }

    /** Prepares the run, whose lock is held, or returns why it must not start. */
    Decision decide() {
        Optional<StartRefusal> held = StartRefusal.ofRebuild(executions.isRebuildUnfinished())
                .or(this::refusalOfBucket)
                .or(this::recover);
        if (held.isPresent()) {
            return new Decision.Denied(held.get());
        }
        Night tonight = run.tonight();
        NightlyCalls made = calls.count(tonight);
        Optional<StartRefusal> noCalls = StartRefusal.ofGate(quotaHolds.current())
                .filter(_ -> !run.options.force())
                .or(() -> StartRefusal.ofCalls(run.settings.source().callsPerNight(), made, tonight));
        noCalls.ifPresent(_ -> usable.markHeld(run.now()));
        Optional<StartRefusal> refusal = noCalls.filter(
                        _ -> !claims.pendingWork(run.node(), Lanes.HELD).isDue(run.now()))
                .or(bytes::refusal)
                .or(this::refusalOfStore)
                .or(() -> noCalls.isPresent() ? Optional.empty() : refusalOfProvider());
        if (refusal.isPresent()) {
            return new Decision.Denied(refusal.get());
        }
        recovery.cleanUp();
        return new Decision.Granted(tonight, made, noCalls.orElse(null));
    }

    /** Returns why database and bucket do not match, or cannot be compared; otherwise empty. */
    private Optional<StartRefusal> refusalOfBucket() {
        try {
            return revision.difference().map(why -> StartRefusal.of(ExitCode.USAGE, why));
        } catch (StoreException e) {
            return Optional.of(StartRefusal.ofStore(e));
        }
    }

    private Optional<StartRefusal> recover() {
        // before the gate is read: what closes it from now on also stops this run
        calls.stops().observeFromNow();
        try {
            recovery.recover(run.node());
            return Optional.empty();
        } catch (UncheckedIOException e) {
            return Optional.of(StartRefusal.of(ExitCode.USAGE, String.valueOf(e.getMessage())));
        }
    }

    /** Returns why the store cannot be used; otherwise empty, and writes the revision of the run to the bucket. */
    private Optional<StartRefusal> refusalOfStore() {
        try {
            store.ensureBucket();
            store.requireWritable();
            revision.advance();
            return Optional.empty();
        } catch (StoreException e) {
            return Optional.of(StartRefusal.ofStore(e));
        }
    }

    private Optional<StartRefusal> refusalOfProvider() {
        try {
            Instant sentAt = run.now();
            ping.send().ahead(sentAt, run.now()).ifPresent(this::compareClocks);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(StartRefusal.of(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage())));
        }
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
}

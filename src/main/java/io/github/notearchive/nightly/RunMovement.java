package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.store.ObjectStore;
import java.util.Optional;

/** Shows whether a run moves. */
final class RunMovement {

    private final CallRepository calls;
    private final ObjectStore store;
    private final JustOneApiClient provider;
    private final OutageRetry outages;
    private final RunState run;

    RunMovement(CallRepository calls, ObjectStore store, JustOneApiClient provider, OutageRetry outages, RunState run) {
        this.calls = calls;
        this.store = store;
        this.provider = provider;
        this.outages = outages;
        this.run = run;
    }

    /** What changes with every call, byte and row of the run. */
    record Movement(RunCounts counts, long calls, long uploaded) {}

    /** Returns what the run has moved; empty if it has no note in progress, or waits for a service or a send time. */
    Optional<Movement> now() {
        boolean isWaiting = run.claims.inProgress.get() == 0 || outages.waiting() > 0 || provider.isWaiting();
        return isWaiting
                ? Optional.empty()
                : Optional.of(new Movement(run.counts(), calls.sentByThisExecution(), store.bytesUploaded()));
    }
}

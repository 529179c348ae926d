package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.ActiveJob;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.OutageDetector;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.store.StoreException;

/** What belongs to one execution of a job that ends when the store is away for long. */
public abstract class ActiveStoreJob extends ActiveJob {

    private final OutageDetector store;

    public ActiveStoreJob(ArchiveProperties settings) {
        this.store = new OutageDetector(settings.outage());
    }

    /** The store did what it is for. */
    public final void storeWorks() {
        store.works();
    }

    /** Whether the store has not worked since it failed last. */
    final boolean isStoreAway() {
        return store.faults() > 0;
    }

    /**
     * The store failed, and not at one object alone: ends the job when that makes an outage.
     *
     * @param lasts whether no waiting helps, so that it is one at once
     * @param gate of the job
     */
    public final void storeFails(StoreException trouble, boolean lasts, Gate gate) {
        if (lasts || store.fails()) {
            gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(trouble.getMessage()));
        }
    }
}

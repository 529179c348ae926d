package io.github.notearchive.job;

import io.github.notearchive.objectstore.StoreException;

/** What belongs to one execution of a job that ends when the store is away for long. */
abstract class ActiveStoreJob extends ActiveJob {

    private final OutageDetector store;

    ActiveStoreJob(ArchiveProperties settings) {
        this.store = new OutageDetector(settings.outage());
    }

    /** The store did what it is for. */
    final void storeWorks() {
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
    final void storeFails(StoreException trouble, boolean lasts, Gate gate) {
        if (lasts || store.fails()) {
            gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(trouble.getMessage()));
        }
    }
}

package io.github.notearchive.job;

/** What belongs to one execution of a job that ends when the store is away for long. */
abstract class ActiveStoreJob extends ActiveJob {

    private final OutageDetector store;

    ActiveStoreJob(ArchiveProperties settings) {
        this.store = new OutageDetector(settings.outage());
    }

    /** How the store has fared. */
    final OutageDetector store() {
        return store;
    }
}

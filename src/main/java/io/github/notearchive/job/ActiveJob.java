package io.github.notearchive.job;

import java.time.Duration;

/** What belongs to one execution of whichever job. */
abstract class ActiveJob {

    private final long began = System.nanoTime();
    private final OutageDetector store;
    private volatile long jobExecutionId;

    ActiveJob(ArchiveProperties settings) {
        this.store = new OutageDetector(settings.outage(), System::nanoTime);
    }

    /** How the store has fared. */
    OutageDetector store() {
        return store;
    }

    void belongTo(long execution) {
        jobExecutionId = execution;
        LogContext.execution(execution);
    }

    long jobExecutionId() {
        return jobExecutionId;
    }

    /** How long it has gone on, whatever was done to the clock meanwhile. */
    Duration took() {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}

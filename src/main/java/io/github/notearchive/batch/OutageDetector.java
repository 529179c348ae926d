package io.github.notearchive.batch;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Detects an outage of a service: a number of failures in a row, or no success for a period. Thread-safe. */
public final class OutageDetector {

    /** Minimum number of failures for the period to count: a night of one note may meet one slow failure. */
    private static final int MINIMUM = 3;

    private final ArchiveProperties.Outage limits;
    private final LongSupplier nanoTime;
    private int faults;
    private int failures;
    private long since;

    public OutageDetector(ArchiveProperties.Outage limits) {
        this(limits, System::nanoTime);
    }

    public OutageDetector(ArchiveProperties.Outage limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
    }

    public synchronized void works() {
        faults = 0;
        failures = 0;
    }

    /** Records a failure; returns whether that makes an outage. */
    public synchronized boolean fails() {
        faults++;
        return struggles() || faults >= limits.faults();
    }

    /** Records a request that the service throttled; returns whether that has lasted too long. */
    public synchronized boolean struggles() {
        if (failures++ == 0) {
            since = nanoTime.getAsLong();
        }
        return failures >= MINIMUM
                && Duration.ofNanos(nanoTime.getAsLong() - since).compareTo(limits.after()) >= 0;
    }

    public synchronized int faults() {
        return faults;
    }
}

package io.github.notearchive.batch;

import io.github.notearchive.nightly.ArchiveProperties;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells the trouble of a whole service from that of a note: so many faults in a row, or nothing but trouble for so
 * long.
 */
public final class OutageDetector {

    /** Below this a long time proves nothing: a night of one note may meet one slow fault. */
    private static final int FEW = 3;

    private final ArchiveProperties.Outage limits;
    private final LongSupplier nanoTime;
    private int faults;
    private int troubles;
    private long since;

    public OutageDetector(ArchiveProperties.Outage limits) {
        this(limits, System::nanoTime);
    }

    public OutageDetector(ArchiveProperties.Outage limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
    }

    /** The service did what it is for. */
    public synchronized void works() {
        faults = 0;
        troubles = 0;
    }

    /** The service failed; true when that makes an outage. */
    public synchronized boolean fails() {
        faults++;
        return struggles() || faults >= limits.faults();
    }

    /** The service is there but does nothing for us; true when that has gone on for too long. */
    public synchronized boolean struggles() {
        if (troubles++ == 0) {
            since = nanoTime.getAsLong();
        }
        return troubles >= FEW && Duration.ofNanos(nanoTime.getAsLong() - since).compareTo(limits.after()) >= 0;
    }

    public synchronized int faults() {
        return faults;
    }
}

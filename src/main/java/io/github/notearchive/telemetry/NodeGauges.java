package io.github.notearchive.telemetry;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Values of this process that other modules own. The suppliers are called at each export.
 *
 * @param callsPerNight own limit of calls in a night; 0: no limit
 * @param spool first called when the execution of a run starts
 */
public record NodeGauges(String node, LongSupplier callsPerNight, Supplier<SpoolUse> spool) {

    /** Files between download and store, the limit of their bytes, and the free bytes of the disk; NaN if unknown. */
    public record SpoolUse(long files, long bytes, long limit, double diskFree) {}
}

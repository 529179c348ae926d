package io.github.notearchive.telemetry.metrics;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Values of this process that other modules own. The suppliers are called at each export.
 *
 * @param node value of the label {@code node}, {@code archive.node}
 * @param callsPerNight own limit of calls in a night; 0: no limit
 * @param spool files between download and store; first called when the execution of a run starts
 */
public record NodeGauges(String node, LongSupplier callsPerNight, Supplier<SpoolUse> spool) {

    /**
     * Use of the spool directory.
     *
     * @param files files in memory and on disk
     * @param bytes bytes of these files
     * @param limit maximum of these bytes on disk
     * @param diskFree free bytes of the disk; NaN if unknown
     */
    public record SpoolUse(long files, long bytes, long limit, double diskFree) {}
}

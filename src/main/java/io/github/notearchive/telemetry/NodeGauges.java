package io.github.notearchive.telemetry;

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
     * Files in the spool directory and in memory.
     *
     * @param limit maximum of their bytes on disk
     * @param diskFree free bytes of the disk; NaN if unknown
     */
    public record SpoolUse(long files, long bytes, long limit, double diskFree) {}
}

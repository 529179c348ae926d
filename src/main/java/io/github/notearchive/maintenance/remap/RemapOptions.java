package io.github.notearchive.maintenance.remap;

import io.github.notearchive.batch.JobOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Options of one remap.
 *
 * @param maxDuration time after which no further response is read; null for no limit
 * @param all whether responses are mapped again that this version of the mapper has mapped before
 * @param node name of this node
 */
public record RemapOptions(@Nullable Duration maxDuration, boolean all, String node) {

    /** Returns the options as job parameters. */
    JobOptions parameters() {
        return new JobOptions().with("all", all).with("maxDuration", maxDuration);
    }
}

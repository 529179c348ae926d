package io.github.notearchive.maintenance.remap;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a remap is to go.
 *
 * @param maxDuration after how long no further answer is read; null: no limit
 * @param all whether answers are mapped, too, that this version of the mapper has mapped before
 * @param node the machine that it runs on
 */
public record RemapOptions(@Nullable Duration maxDuration, boolean all, String node) {}

package io.github.notearchive.maintenance.verify;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Options of one audit.
 *
 * @param maxDuration time after which nothing more is read; null for no limit
 * @param repair whether damage is repaired as far as possible
 * @param deleteOrphans whether orphans are removed
 * @param node name of this node
 */
public record VerifyOptions(@Nullable Duration maxDuration, boolean repair, boolean deleteOrphans, String node) {}

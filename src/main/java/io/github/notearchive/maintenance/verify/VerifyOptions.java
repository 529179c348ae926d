package io.github.notearchive.maintenance.verify;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an operator asks of one audit. Not part of the job's identity: a restart may ask for something else.
 *
 * @param maxDuration after how long nothing more is read; null: no limit
 * @param repair whether what is damaged is made good again as far as it can be
 * @param deleteOrphans whether orphans are removed
 * @param node which machine this is
 */
public record VerifyOptions(@Nullable Duration maxDuration, boolean repair, boolean deleteOrphans, String node) {}

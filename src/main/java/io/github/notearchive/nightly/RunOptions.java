package io.github.notearchive.nightly;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Options of one run. Not part of the identity of the job: a restart may use other options.
 *
 * @param limit maximum number of notes to start, counting a note again for each retry; null for no limit
 * @param maxDuration time after which no note is started; null for no limit
 * @param force whether a gate closed by an earlier code 303 is ignored
 * @param node name of this node
 */
public record RunOptions(@Nullable Long limit, @Nullable Duration maxDuration, boolean force, String node) {}

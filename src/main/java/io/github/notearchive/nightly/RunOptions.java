package io.github.notearchive.nightly;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an operator asks of one run. Not part of the job's identity: a restart may ask for something else.
 *
 * @param limit how many notes are taken up at most, one that comes back counting again; null: no limit
 * @param maxDuration after how long no further note is taken up; null: no limit
 * @param force whether a gate that an earlier 303 closed is ignored
 * @param node which machine this is
 */
public record RunOptions(@Nullable Long limit, @Nullable Duration maxDuration, boolean force, String node) {}

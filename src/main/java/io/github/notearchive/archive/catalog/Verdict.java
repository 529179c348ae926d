package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.Nullable;

/**
 * Result of verifying one object.
 *
 * @param damage null if the object is intact
 * @param bytes number of bytes read
 */
public record Verdict(Expected expected, @Nullable Damage damage, long bytes) {}

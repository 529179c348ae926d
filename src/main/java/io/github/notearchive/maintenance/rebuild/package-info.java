/** Rebuild of the tables from the sidecars in the bucket, by {@link RebuildRunner} and {@link RebuildJob}. */
@NullMarked
package io.github.notearchive.maintenance.rebuild;

import org.jspecify.annotations.NullMarked;

/** Rebuild of the tables from the sidecars in the bucket, by {@link RebuildRunner}. */
@NullMarked
package io.github.notearchive.maintenance.rebuild;

import org.jspecify.annotations.NullMarked;

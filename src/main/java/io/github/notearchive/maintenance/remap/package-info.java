/** Recomputation of columns from stored responses without calls, by {@link RemapRunner}. */
@NullMarked
package io.github.notearchive.maintenance.remap;

import org.jspecify.annotations.NullMarked;

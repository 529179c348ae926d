/**
 * Recomputation of columns from stored responses without calls, by {@link RemapRunner}.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code store}.
 */
@NullMarked
package io.github.notearchive.maintenance.remap;

import org.jspecify.annotations.NullMarked;

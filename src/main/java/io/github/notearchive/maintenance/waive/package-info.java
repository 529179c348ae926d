/**
 * Acceptance of missing files by an operator: marks slots as waived and completes their notes.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code provider}.
 */
@NullMarked
package io.github.notearchive.maintenance.waive;

import org.jspecify.annotations.NullMarked;

/**
 * Erasure of a note with its exclusive objects: rows, objects, sidecars and reports, leaving a tombstone.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code store}.
 */
@NullMarked
package io.github.notearchive.maintenance.erase;

import org.jspecify.annotations.NullMarked;

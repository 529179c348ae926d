/** Erasure of a note with its exclusive objects: rows, objects, sidecars and reports, leaving a tombstone. */
@NullMarked
package io.github.notearchive.maintenance.erase;

import org.jspecify.annotations.NullMarked;

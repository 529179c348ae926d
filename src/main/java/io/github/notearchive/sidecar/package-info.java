/**
 * What the bucket is told: whoever decides about a note stores its {@link io.github.notearchive.catalog.Sidecar
 * sidecars} by {@link Sidecars} first and writes the rows then, so that the bucket alone can rebuild the tables.
 */
@NullMarked
package io.github.notearchive.sidecar;

import org.jspecify.annotations.NullMarked;

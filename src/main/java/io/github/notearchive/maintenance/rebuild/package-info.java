/**
 * Rebuild of the tables from the sidecars in the bucket, by {@link RebuildRunner}.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code maintenance.erase}, {@code maintenance.verify}, {@code prove},
 * {@code provider}, {@code store}.
 */
@NullMarked
package io.github.notearchive.maintenance.rebuild;

import org.jspecify.annotations.NullMarked;

/**
 * Published tables: {@code captures}, {@code notes} and {@code media} of an export as Apache Iceberg tables in the
 * bucket, with their catalog in the database.
 *
 * <p>{@link Publisher} is the entry point. A table has one data file per partition, named by its content. A publish
 * writes the partitions with changes and replaces those files that differ, in one commit per table. So it is
 * idempotent: repeated after a kill, or without changes, it results in the same files.
 *
 * <p>Order of writes: data files, metadata, catalog row, {@code version-hint.text}, removal of objects that no retained
 * snapshot references. An object of a killed publish is removed by the next one.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code export}, {@code store}.
 */
@NullMarked
package io.github.notearchive.publish;

import org.jspecify.annotations.NullMarked;

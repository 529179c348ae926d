/**
 * The archive as data: notes, their history, their topics and their files, chosen by filters and written to a directory
 * in a format that other programs open.
 *
 * <p>{@link Exporter} is the door. Which tables and columns there are stands in one place, {@code DataSet}. All of an
 * export is read in one snapshot of the database, row by row, and goes into a directory of another name, which gets its
 * own name when it is whole.
 */
@NullMarked
package io.github.notearchive.export;

import org.jspecify.annotations.NullMarked;

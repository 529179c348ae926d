/**
 * Exports of notes, captures, topics and media, selected by filters, to a directory in a format that other programs
 * read.
 *
 * <p>{@link Exporter} is the entry point. {@code Table} defines all tables and columns. An export reads one snapshot of
 * the database with cursors and writes to a staging directory, which is renamed to the target when it is complete.
 *
 * <p>Uses: {@code archive}, {@code report}, {@code store}.
 */
@NullMarked
package io.github.notearchive.export;

import org.jspecify.annotations.NullMarked;

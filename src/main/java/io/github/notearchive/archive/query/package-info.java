/**
 * Read models over all tables of the archive, for plan, report, status, metrics and exports. They change no archived
 * data; {@link MediaTotals} maintains its count table, {@link RunHistory} records the ends of runs. Executions of jobs
 * are read from the view {@code run_history}.
 *
 * <p>Owns: {@code media_object_count}, {@code run_summary}.
 *
 * <p>Uses: {@code archive.catalog}, {@code archive.ledger}, {@code archive.worklist}, {@code provider}.
 */
@NullMarked
package io.github.notearchive.archive.query;

import org.jspecify.annotations.NullMarked;

/**
 * Read models over all tables of the archive, for plan, report, status, metrics and exports. They change no archived
 * data; {@link WorklistStats} and {@link MediaTotals} maintain their count tables, {@link RunHistory} records the ends
 * of runs. Executions of jobs are read from the view {@code run_history}.
 *
 * <p>Owns: {@code worklist_count}, {@code media_object_count}, {@code run_summary}.
 *
 * <p>Uses: {@code archive.ledger}, {@code archive.catalog}, {@code archive.worklist}. Used by:
 * {@code archive.worklist}, {@code nightly}, {@code report}, {@code export}, {@code telemetry}, {@code cli}.
 */
@NullMarked
package io.github.notearchive.archive.stats;

import org.jspecify.annotations.NullMarked;

/**
 * Read models over all tables of the archive, for plan, report, status and metrics. They change no archived data;
 * {@link WorklistStats} and {@link MediaTotals} only maintain their count tables.
 *
 * <p>Owns: {@code worklist_count}, {@code media_object_count}.
 *
 * <p>Uses: {@code archive.ledger}, {@code archive.catalog}, {@code archive.worklist}, {@code batch}. Used by:
 * {@code archive.worklist}, {@code nightly}, {@code report}, {@code telemetry}, {@code cli}.
 */
@NullMarked
package io.github.notearchive.archive.stats;

import org.jspecify.annotations.NullMarked;

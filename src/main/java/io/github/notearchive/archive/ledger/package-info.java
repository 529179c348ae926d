/**
 * The ledger: all calls to the provider and their responses.
 *
 * <p>{@link CallLedger} is the note client of a run: it reuses paid responses and calls the provider only if none can
 * be used. {@link CallRepository} records each call before it is sent. {@link PaidResponses} reads the stored
 * responses. {@link QuotaHolds} and {@link StopNotices} hold the stops that outlive a run or concern all nodes. Writes
 * to the ledger commit on return, independent of the caller's transaction, unless a method states otherwise.
 *
 * <p>Owns: {@code api_call}, {@code call_pace}, {@code nightly_calls}, {@code run_stop}, {@code source_gate}.
 *
 * <p>Uses: {@code archive.worklist}, {@code provider}.
 */
@NullMarked
package io.github.notearchive.archive.ledger;

import org.jspecify.annotations.NullMarked;

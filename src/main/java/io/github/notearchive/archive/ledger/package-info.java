/**
 * What was asked and bought, kept before anyone uses it.
 *
 * <p>{@link CallLedger} stands in front of the provider: it answers from what is paid for already, and only asks when
 * it holds nothing that can be used. {@link CallRepository} is the journal that each call is written into.
 * {@link PaidResponses}, {@link CallTotals} and {@link CallHistory} read it: for the bytes that were bought, for the
 * bill, and for the story of a note. Each entry is a transaction of its own, committed when the method returns,
 * whatever the caller's transaction does afterwards.
 */
@NullMarked
package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.stats.CallTotals;
import org.jspecify.annotations.NullMarked;

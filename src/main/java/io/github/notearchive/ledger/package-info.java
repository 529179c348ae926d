/**
 * What was asked and bought, kept before anyone uses it.
 *
 * <p>{@link CallLedger} stands in front of the provider: it answers from what is paid for already,
 * and only asks when it holds nothing that can be used. {@link ApiCalls} is the book itself. Each
 * entry is a transaction of its own, committed when the method returns, whatever the caller's
 * transaction does afterwards.
 */
@NullMarked
package io.github.notearchive.ledger;

import org.jspecify.annotations.NullMarked;

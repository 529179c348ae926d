/**
 * Client of the note provider (JustOneAPI).
 *
 * <p>{@link JustOneApiClient#fetch} sends one request, which may be billed, and returns a {@link FetchOutcome}. It
 * never retries: retries are scheduled through the worklist. Each call is recorded by the {@link CallRecorder} before
 * it is sent. Undocumented response codes are a temporary failure and are logged; the code is kept in the
 * {@link ProviderReply}.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.provider;

import org.jspecify.annotations.NullMarked;

/**
 * The paid note provider: one question, {@link NoteClient#fetch fetch this note}, another for
 * {@link NoteClient#fetchVideo its video}, and six possible answers, {@link FetchOutcome}.
 *
 * <p>Two rules hold everywhere in here.
 *
 * <p><b>A call costs money.</b> Nothing below the client retries on its own: the HTTP client's automatic retries and
 * redirects are off, and a note is asked about again only where the worklist shows it. Each request is written down in
 * the {@link CallRecorder} before it leaves.
 *
 * <p><b>The wire is open, the type is closed.</b> The provider may send a code that it never documented. It becomes one
 * of the six outcomes all the same, with the code kept as evidence in the {@link ProviderReply}.
 */
@NullMarked
package io.github.notearchive.provider;

import org.jspecify.annotations.NullMarked;

/**
 * Bytes by key in an S3-compatible store. Knows nothing of notes.
 *
 * <p>Two rules hold everywhere in here.
 *
 * <p><b>Written means verified.</b> A put returns after the store has shown that it holds these bytes. A put of the
 * same bytes under the same key changes nothing, so each is safe to repeat.
 *
 * <p><b>A failure says whether waiting helps.</b> {@link io.github.notearchive.store.StoreException} is either
 * unreachable or refused.
 */
@NullMarked
package io.github.notearchive.store;

import org.jspecify.annotations.NullMarked;

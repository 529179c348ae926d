/**
 * Client of the S3-compatible object store. Has no knowledge of notes.
 *
 * <p><b>Written means verified.</b> An upload returns after the store has confirmed the checksum of the bytes, or after
 * the stored bytes have been compared. An upload of the same bytes under the same key changes nothing, so that every
 * upload can be repeated.
 *
 * <p>A {@link io.github.notearchive.store.StoreException} is either temporary ({@code unreachable}) or requires an
 * operator ({@code refused}). Every request has a connect timeout, a socket timeout and a total timeout that grows with
 * the size of the object.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.store;

import org.jspecify.annotations.NullMarked;

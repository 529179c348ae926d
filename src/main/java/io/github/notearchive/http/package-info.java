/**
 * Connections of the HTTP clients. Knows nothing of notes.
 *
 * <p>A kept-alive connection has no order but time: bytes that the peer sent before a request would be read as the
 * response to it. So each client takes its connections from {@link io.github.notearchive.http.ConnectionPool}, which
 * reuses none that holds such bytes.
 */
@NullMarked
package io.github.notearchive.http;

import org.jspecify.annotations.NullMarked;

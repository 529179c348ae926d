/**
 * Downloads media files from URLs that expire, and checks them.
 *
 * <p>{@link io.github.notearchive.media.MediaDownloader#download} downloads the file of one slot into the
 * {@link io.github.notearchive.media.Spool} and returns a {@link io.github.notearchive.media.DownloadOutcome}.
 * Downloads are free.
 *
 * <p>URLs are untrusted. Requests go only to hosts that the settings allow and to public addresses. Every redirect is
 * checked like a first URL, and the connection is opened to the address that was checked.
 *
 * <p>Servers are untrusted. The type of a file is detected from its first bytes, not from its name or headers. A
 * truncated file is rejected ({@code media.format}). Bytes are stored as received.
 *
 * <p>{@link io.github.notearchive.media.ShortLinks} reads the targets of short links by the same rules.
 *
 * <p>Uses: {@code media.format}.
 */
@NullMarked
package io.github.notearchive.media;

import org.jspecify.annotations.NullMarked;

/**
 * Downloads of media from addresses that expire: free, slow, and verified before anyone uses them. One question,
 * {@link io.github.notearchive.media.MediaDownloader#download download this slot}, and three answers,
 * {@link io.github.notearchive.media.DownloadOutcome}.
 *
 * <p>Two rules hold everywhere in here.
 *
 * <p><b>An address comes from a stranger.</b> It is followed only to hosts that are named in the settings and to
 * addresses that are public, at every redirect anew, and the connection goes to the very address that was checked.
 *
 * <p><b>Only the bytes are believed.</b> Their type is what they begin with, not what the server or the file name says;
 * a file that its own structure shows to be cut is none; and they are stored as they were received.
 */
@NullMarked
package io.github.notearchive.media;

import org.jspecify.annotations.NullMarked;

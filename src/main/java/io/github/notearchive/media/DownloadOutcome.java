package io.github.notearchive.media;

import org.jspecify.annotations.Nullable;

/**
 * What became of one slot's download. Reasons are short and name rendition and host only, never a path or a signature.
 */
public sealed interface DownloadOutcome {

    /**
     * Here is the file, complete and verified. It is the caller's to store and to discard.
     *
     * @param lesserBecause why it is not the best that the answer offers; null when it is
     * @param retryBetter whether a better one met an error that may pass within minutes; false where all that are
     *     better are gone or refused
     */
    record Downloaded(DownloadedMedia media, @Nullable String lesserBecause, boolean retryBetter)
            implements DownloadOutcome {}

    /**
     * Every address answered that the file is not there, or no longer; or there is none. Only a new answer from the
     * provider can help.
     */
    record Dead(String reason) implements DownloadOutcome {}

    /**
     * No file, but no proof that it is gone either. Try the same addresses again: {@code soon} when something may pass
     * by itself, such as a fault of network or server; otherwise our own guard refused an address, and only another
     * setting helps. A new answer is not to be bought for it.
     */
    record Troubled(String reason, boolean soon) implements DownloadOutcome {}

    /**
     * No file, since the spool was full by our own limit. Counts neither for the file nor for the media hosts; to be
     * repeated when there is room.
     */
    record NoRoom(String reason) implements DownloadOutcome {}
}

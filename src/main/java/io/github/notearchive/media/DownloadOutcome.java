package io.github.notearchive.media;

import org.jspecify.annotations.Nullable;

/**
 * Result of downloading the file of one slot, classified by what the caller does next. Reasons are short; they contain
 * renditions and hosts, never a path or a signature.
 */
public sealed interface DownloadOutcome {

    /**
     * The complete, checked file. The caller stores it and closes it.
     *
     * @param lesserBecause why it is not the best rendition of the response; null if it is
     * @param retryBetter whether a better rendition met an error that may pass within minutes; false if all better ones
     *     are gone or rejected
     */
    record Downloaded(DownloadedMedia media, @Nullable String lesserBecause, boolean retryBetter)
            implements DownloadOutcome {}

    /** Every URL has expired, or the response has none. Only a new response of the provider can help. */
    record Gone(String reason) implements DownloadOutcome {}

    /**
     * No file, but no evidence that it is gone. Try the same URLs later; do not buy a new response.
     *
     * @param retryable whether a fault of network or server may pass by itself; false if our own rules rejected every
     *     URL that is not gone, and only another setting helps
     */
    record Failed(String reason, boolean retryable) implements DownloadOutcome {}

    /** The spool was full. Counts neither for the file nor for the media hosts; repeat it when there is room. */
    record NoRoom(String reason) implements DownloadOutcome {}
}

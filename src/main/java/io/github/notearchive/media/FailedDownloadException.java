package io.github.notearchive.media;

import java.net.UnknownHostException;

/**
 * A URL did not deliver its file. The reason is short and contains no URL.
 *
 * <p>An {@link UnknownHostException}, since a resolver may throw no other type.
 */
final class FailedDownloadException extends UnknownHostException {

    /** What follows from the failure. */
    enum Kind {
        /** The server has no such file, or denies it. */
        GONE,
        /** Temporary; another attempt at this URL is useful now. */
        RETRYABLE,
        /** Temporary; another attempt is useful later. */
        POSTPONED,
        /** Our own rules forbid the URL, a redirect or the file, which is never treated as gone. */
        REJECTED,
        /** The spool is full. Caused neither by the server nor by the file. */
        NO_ROOM
    }

    final Kind kind;
    final String reason;

    FailedDownloadException(Kind kind, String reason) {
        super(reason);
        this.kind = kind;
        this.reason = reason;
    }

    static FailedDownloadException rejected(String reason) {
        return new FailedDownloadException(Kind.REJECTED, reason);
    }

    static FailedDownloadException retryable(String reason) {
        return new FailedDownloadException(Kind.RETRYABLE, reason);
    }
}

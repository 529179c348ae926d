package io.github.notearchive.media;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;

/**
 * A URL did not deliver its file. The reason is short and contains no URL.
 *
 * <p>An {@link UnknownHostException}, since a resolver may throw no other type.
 */
final class FailedDownloadException extends UnknownHostException {

    /** Kind of failure, by the action that follows. */
    enum FailureKind {
        /** The server has no such file, or denies it. */
        GONE,
        /** Temporary; another attempt at this URL is useful now. */
        RETRYABLE,
        /** The MD5 is not that of the response; another download, best from another URL, confirms or replaces it. */
        UNCONFIRMED,
        /** Temporary; another attempt is useful later. */
        POSTPONED,
        /** Our own rules forbid the URL, a redirect or the file, which is never treated as gone. */
        REJECTED,
        /** The spool is full. Caused neither by the server nor by the file. */
        NO_ROOM
    }

    final FailureKind kind;
    final String reason;

    FailedDownloadException(FailureKind kind, String reason) {
        super(reason);
        this.kind = kind;
        this.reason = reason;
    }

    /** Classifies an exception. Messages of the HTTP client are not used, since they may contain the whole URL. */
    static FailedDownloadException of(IOException e) {
        return switch (e) {
            case FailedDownloadException failed -> failed;
            case UnknownHostException _ -> retryable("unknown host");
            case SSLException _ -> retryable("TLS failed");
            case ConnectionClosedException _ -> retryable("incomplete body");
            case MessageConstraintException _ -> retryable("headers too long or too many");
            case NoHttpResponseException _ -> retryable("connection closed without a response");
            case ConnectTimeoutException _ -> retryable("connect timed out");
            case SocketTimeoutException _ -> retryable("read timed out");
            case SocketException _ -> retryable("connection failed or reset");
            default -> retryable(e.getClass().getSimpleName());
        };
    }

    static FailedDownloadException rejected(String reason) {
        return new FailedDownloadException(FailureKind.REJECTED, reason);
    }

    static FailedDownloadException retryable(String reason) {
        return new FailedDownloadException(FailureKind.RETRYABLE, reason);
    }
}

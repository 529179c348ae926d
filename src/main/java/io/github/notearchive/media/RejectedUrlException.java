package io.github.notearchive.media;

import java.net.UnknownHostException;

/**
 * Our own rules forbid a URL. Says nothing about the file: a rejected URL is never treated as an expired one.
 *
 * <p>An {@link UnknownHostException}, since a resolver may throw no other type. No retry is spent on it.
 */
final class RejectedUrlException extends UnknownHostException {

    RejectedUrlException(String reason) {
        super(reason);
    }

    /** The short reason, without the URL. */
    String reason() {
        return String.valueOf(getMessage());
    }
}

package io.github.notearchive.provider;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was received for one request, without the token.
 *
 * @param status HTTP status; null if there was no response
 * @param body decoded body, the beginning of one that is too long; null if there was none
 * @param fault why the body cannot be used; null if it was received completely
 * @param sent whether the request may have reached the provider
 * @param retryAfter value of the header {@code Retry-After}; null if absent
 * @param envelope content of the body; empty if it is none of the provider's
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ProviderResponse(
        @Nullable Integer status,
        byte @Nullable [] body,
        @Nullable String fault,
        boolean sent,
        @Nullable Duration retryAfter,
        Optional<Envelope> envelope) {

    /** Limit of a token in any encoding, in bytes. */
    private static final int MAX_TOKEN = 4096;

    private static final int TOO_MANY_REQUESTS = 429;

    static ProviderResponse fault(@Nullable Integer status, String fault, boolean sent) {
        return new ProviderResponse(status, null, fault, sent, null, Optional.empty());
    }

    ProviderResponse with(byte[] otherBody, Optional<Envelope> content) {
        return new ProviderResponse(status, otherBody, fault, sent, retryAfter, content);
    }

    boolean isThrottled() {
        return envelope.isEmpty() && Integer.valueOf(TOO_MANY_REQUESTS).equals(status);
    }

    /** Returns the part of the body that is stored; of an incomplete one without its end, which may be half a token. */
    byte @Nullable [] stored() {
        if (body == null || fault == null) {
            return body;
        }
        return body.length > MAX_TOKEN ? Arrays.copyOf(body, body.length - MAX_TOKEN) : null;
    }

    ProviderReply reply() {
        if (envelope.isPresent()) {
            Envelope read = envelope.get();
            String message = ProviderCode.SUCCESS.is(read.code()) && read.note().isEmpty()
                    ? ResponseReader.shorten("success without the note: " + read.shape())
                    : read.message();
            return new ProviderReply(read.code(), status, message, read.requestId(), ProviderCode.billed(read.code()));
        }
        boolean isFree = fault == null ? isThrottled() : !sent;
        return ProviderReply.fault(
                fault == null ? "the response is not the provider's envelope" : fault,
                status,
                isFree ? Billed.NO : Billed.UNKNOWN);
    }
}

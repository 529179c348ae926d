package io.github.notearchive.archive.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A paid response body as stored in the ledger. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PaidResponse(
        long call,
        Instant receivedAt,
        @Nullable Integer httpStatus,
        @Nullable String requestId,
        byte[] body,
        boolean mediaGone) {

    PaidResponse with(byte[] body) {
        return new PaidResponse(call, receivedAt, httpStatus, requestId, body, mediaGone);
    }
}

package io.github.notearchive.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A body that was bought, as it lies in the ledger. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PaidAnswer(
        long call,
        Instant receivedAt,
        @Nullable Integer httpStatus,
        @Nullable String requestId,
        byte[] body,
        boolean mediaGone) {

    PaidAnswer with(byte[] body) {
        return new PaidAnswer(call, receivedAt, httpStatus, requestId, body, mediaGone);
    }
}

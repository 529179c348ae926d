package io.github.notearchive.archive.ledger;

import java.time.Instant;

/** A paid call with its response body as stored in the ledger. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PaidResponse(PaidCall call, byte[] body) {

    long number() {
        return call.number();
    }

    Instant receivedAt() {
        return call.receivedAt();
    }

    /** Returns whether all URLs of one of its files have expired. */
    boolean mediaGone() {
        return call.facts().mediaGoneAt() != null;
    }
}

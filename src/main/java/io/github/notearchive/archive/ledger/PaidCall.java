package io.github.notearchive.archive.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A call with a paid response, received completely at {@code receivedAt}; {@code number} is its row. */
public record PaidCall(long number, Instant receivedAt, Facts facts) {

    /**
     * Columns of a paid call besides the response, as stored in a sidecar.
     *
     * @param durationMs milliseconds from sending to the complete response; null if unknown
     * @param code code in the body
     * @param requestId the provider's id of the request; null if it sent none
     * @param message the provider's message, shortened; null if it sent none
     * @param mediaGoneAt when all URLs of one of its files were found expired; null if none were
     * @param refresh whether it refreshed an archived note
     */
    public record Facts(
            String endpoint,
            Instant sentAt,
            @Nullable Integer durationMs,
            @Nullable Integer httpStatus,
            @Nullable Integer code,
            @Nullable String requestId,
            @Nullable String message,
            @Nullable Instant mediaGoneAt,
            boolean refresh) {

        public Facts {
            if (endpoint == null || sentAt == null) {
                throw new IllegalArgumentException("endpoint and sentAt of a call are required");
            }
            if (durationMs != null && durationMs < 0) {
                throw new IllegalArgumentException("durationMs of a call is negative: " + durationMs);
            }
        }
    }
}

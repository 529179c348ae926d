package io.github.notearchive.archive.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A call with a paid response.
 *
 * @param number its row in {@code api_call}
 * @param receivedAt when the response was complete
 * @param facts the other columns of its row
 */
public record PaidCall(long number, Instant receivedAt, Facts facts) {

    /**
     * Columns of a paid call besides the response, as stored in a sidecar.
     *
     * @param endpoint name of the endpoint in the ledger
     * @param sentAt just before the request was sent
     * @param durationMs milliseconds from sending to the complete response; null if unknown
     * @param httpStatus HTTP status; null if unknown
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

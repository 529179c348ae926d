package io.github.notearchive.archive.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A call whose answer is paid for.
 *
 * @param number its row in {@code api_call}
 * @param receivedAt when the answer was there
 * @param facts the rest of its row
 */
public record PaidCall(long number, Instant receivedAt, Facts facts) {

    /**
     * What the ledger knows of a paid call beside its answer, in words that a sidecar can hold.
     *
     * @param endpoint which question it was
     * @param sentAt just before the request left
     * @param durationMs milliseconds from sending to the whole answer; null when nobody knows
     * @param httpStatus the HTTP status; null when nobody knows
     * @param code the code in the body
     * @param requestId the provider's own id of the request; null when it sent none
     * @param message the provider's message, shortened; null when it sent none
     * @param mediaGoneAt when every address of one of its files was found dead; null when none was
     * @param refresh whether it asked anew about a note that was archived
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
                throw new IllegalArgumentException("a call has an endpoint and a time of sending");
            }
            if (durationMs != null && durationMs < 0) {
                throw new IllegalArgumentException("a call cannot take " + durationMs + " ms");
            }
        }
    }
}

package io.github.notearchive.provider;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.notearchive.note.Billed;
import org.apache.hc.core5.http.HttpStatus;
import org.jspecify.annotations.Nullable;

/**
 * Evidence of an outcome: what was received for one request.
 *
 * @param code code in the body; null if no readable body was received
 * @param httpStatus HTTP status; null if no response was received
 * @param message the provider's message or the fault, at most 200 characters, without credentials; null if none
 * @param requestId the provider's id of the request; null if it sent none
 */
public record ProviderReply(
        @Nullable Integer code,
        @Nullable Integer httpStatus,
        @Nullable String message,
        @Nullable String requestId,
        Billed billed) {

    /** Whether a response with a success status cannot be used: it is no envelope, too long, or about another note. */
    @JsonIgnore
    public boolean isUnreadable() {
        return code == null && httpStatus != null && httpStatus / 100 == 2;
    }

    /** Whether a response without an envelope rejects the request because of the rate. */
    boolean isThrottled() {
        return code == null && httpStatus != null && httpStatus == HttpStatus.SC_TOO_MANY_REQUESTS;
    }

    public ProviderReply withoutMessage() {
        return new ProviderReply(code, httpStatus, null, requestId, billed);
    }

    /** Returns a text such as {@code code 301 (COLLECT FAILED, SEND REQUEST AGAIN)}. */
    @Override
    public String toString() {
        String what = code != null ? "code " + code : httpStatus != null ? "HTTP " + httpStatus : "no response";
        return message == null || message.isBlank() ? what : what + " (" + message + ")";
    }
}

package io.github.notearchive.provider;

import io.github.notearchive.note.Billed;
import org.jspecify.annotations.Nullable;

/**
 * What came back for one request: the evidence behind an outcome.
 *
 * @param code the code in the body; null when no readable body came
 * @param httpStatus the HTTP status; null when no response came at all
 * @param message the provider's message or the fault, at most 200 characters and without credentials; null when none
 * @param requestId the provider's own id of the request; null when it sends none
 * @param billed whether it is charged
 */
public record ProviderReply(
        @Nullable Integer code,
        @Nullable Integer httpStatus,
        @Nullable String message,
        @Nullable String requestId,
        Billed billed) {

    /** A fault of the transport, before or after the request left. */
    static ProviderReply fault(String message, @Nullable Integer httpStatus, Billed billed) {
        return new ProviderReply(null, httpStatus, message, null, billed);
    }

    /**
     * Whether a response came that cannot be used, although its status is a success: it is no envelope, too long, or
     * about another note.
     */
    public boolean isUnreadable() {
        return code == null && httpStatus != null && httpStatus / 100 == 2;
    }

    /** The same without the words of the provider. */
    public ProviderReply withoutMessage() {
        return new ProviderReply(code, httpStatus, null, requestId, billed);
    }

    /** Like {@code code 301 (COLLECT FAILED, SEND REQUEST AGAIN)}, for messages. */
    @Override
    public String toString() {
        String what = code != null ? "code " + code : httpStatus != null ? "HTTP " + httpStatus : "no answer";
        return message == null || message.isBlank() ? what : what + " (" + message + ")";
    }
}

package io.github.notearchive.sandbox;

import java.time.Instant;

/**
 * A completed call.
 *
 * @param at time of the receipt of the request
 * @param noteId id in the request; empty if it had none
 * @param code code of the response; {@link #NO_CODE} without a response or a code in it
 * @param httpStatus status of the response; 0 without a response
 */
public record CallSeen(Instant at, String noteId, int code, int httpStatus) {

    /** Code of a call without a code. */
    public static final int NO_CODE = -1;
}

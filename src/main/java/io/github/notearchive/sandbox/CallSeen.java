package io.github.notearchive.sandbox;

import java.time.Instant;

/**
 * A call that the provider received and was done with.
 *
 * @param at when the request had been received
 * @param noteId which note it asked about; empty when it named none
 * @param code the code of the answer; {@link #NO_CODE} when there was no answer, or none with a code
 * @param httpStatus the status of the answer; 0 when there was none
 */
public record CallSeen(Instant at, String noteId, int code, int httpStatus) {

    /** Stands for the code where there is none. */
    public static final int NO_CODE = -1;
}

package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * A call without a response in the ledger, whose node may have one. No other call about the note is sent meanwhile.
 *
 * @param number row in the ledger
 * @param execution run that sent it
 */
public record OutstandingCall(long number, long execution, Instant sentAt) {

    /** Describes why no other call is sent. */
    public String reason() {
        return "call %d of execution %d, sent at %s, has no response yet, and its node may have one"
                .formatted(number, execution, Night.local(sentAt));
    }
}

package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * A call that has no response in the ledger yet, while the node that sent it may hold one. No other call about the note
 * is made meanwhile.
 *
 * @param number its number in the ledger
 * @param execution the run that sent it
 */
public record OutstandingCall(long number, long execution, Instant sentAt) {

    /** Why there is no other call, for a person to read. */
    public String reason() {
        return "call %d of execution %d, sent at %s, has no response yet, and its node may hold one"
                .formatted(number, execution, Night.local(sentAt));
    }
}
